//! The API's reference page, from the comments of the contract: what `docs/api.md` says is what callers generate code from.

mod phrases;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use prost_reflect::{DescriptorPool, EnumDescriptor, FileDescriptor, MessageDescriptor, ServiceDescriptor};

use phrases::{PACKAGE, cell, choice, comment, field_type, linked_message, linked_service, short_name};

const HEAD: &str = "\
<!-- Generated from the comments in proto/ by `cargo xtask proto`. Not to be edited: edit the comment. -->

# API reference

Every service, message and enum of the gRPC contract. Types of `google.*` are described at <https://protobuf.dev/reference/protobuf/google.protobuf/>.

";

/// Compiles every file under the folder and renders the page.
pub(crate) fn page(folder: &Path) -> Result<String> {
    let files = contract_files(folder)?;
    if files.is_empty() {
        bail!("{} holds no .proto file", folder.display());
    }
    let mut compiler = protox::Compiler::new([folder]).context("read the contract")?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(&files).map_err(|error| anyhow::anyhow!("{error:?}")).context("compile the contract")?;
    let pool = DescriptorPool::from_file_descriptor_set(compiler.file_descriptor_set()).context("link the contract")?;
    Ok(render(&pool))
}

/// All `.proto` files below the folder, sorted.
fn contract_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))? {
            let path = entry.with_context(|| format!("list {}", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn render(pool: &DescriptorPool) -> String {
    let mut packages: BTreeMap<String, Vec<FileDescriptor>> = BTreeMap::new();
    for file in pool.files().filter(|file| !file.package_name().starts_with("google.")) {
        packages.entry(file.package_name().to_owned()).or_default().push(file);
    }
    let mut page = Page { text: HEAD.to_owned() };
    page.contents(&packages);
    page.reasons(&packages);
    for (package, files) in &packages {
        page.package(package, files);
    }
    page.text.truncate(page.text.trim_end().len());
    page.text.push('\n');
    page.text
}

struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            self.line(text);
            self.line("");
        }
    }

    fn contents(&mut self, packages: &BTreeMap<String, Vec<FileDescriptor>>) {
        self.line("| package | services |\n|---|---|");
        for (package, files) in packages {
            let services: Vec<String> =
                files.iter().flat_map(FileDescriptor::services).map(|s| linked_service(&s)).collect();
            let services = services.join(", ");
            self.line(&format!("| [`{package}`](#{package}) | {services} |"));
        }
        self.line("");
    }

    /// The list of reasons that errors carry goes first: it is what a caller looks up most.
    fn reasons(&mut self, packages: &BTreeMap<String, Vec<FileDescriptor>>) {
        let is_reasons = |of: &EnumDescriptor| matches!(of.name(), "Reason" | "ErrorReason");
        for reasons in packages.values().flatten().flat_map(FileDescriptor::enums).filter(is_reasons) {
            self.paragraph(&format!("Reasons of errors: [`{}`](#{}).", reasons.name(), reasons.full_name()));
        }
    }

    fn package(&mut self, package: &str, files: &[FileDescriptor]) {
        self.paragraph(&format!("## <a id=\"{package}\"></a>`{package}`"));
        for file in files {
            self.paragraph(&comment(file, &[PACKAGE]));
            for service in file.services() {
                self.service(&service);
            }
        }
        for file in files {
            for message in file.messages() {
                self.message(&message);
            }
            for of in file.enums() {
                self.enumeration(&of);
            }
        }
    }

    fn service(&mut self, service: &ServiceDescriptor) {
        self.paragraph(&format!("### <a id=\"{}\"></a>{}", service.full_name(), service.name()));
        self.paragraph(&comment(&service.parent_file(), service.path()));
        for method in service.methods() {
            let streams = |is: bool| if is { "stream of " } else { "" };
            self.paragraph(&format!("#### <a id=\"{}\"></a>{}.{}", method.full_name(), service.name(), method.name()));
            self.paragraph(&format!(
                "{}{} → {}{}",
                streams(method.is_client_streaming()),
                linked_message(&method.input()),
                streams(method.is_server_streaming()),
                linked_message(&method.output()),
            ));
            self.paragraph(&comment(&method.parent_file(), method.path()));
        }
    }

    fn message(&mut self, message: &MessageDescriptor) {
        if message.is_map_entry() {
            return;
        }
        let name = short_name(message.full_name(), message.package_name());
        self.paragraph(&format!("### <a id=\"{}\"></a>{name}", message.full_name()));
        let file = message.parent_file();
        self.paragraph(&comment(&file, message.path()));
        if message.fields().len() > 0 {
            self.line("| field | number | type | meaning |\n|---|---|---|---|");
            for field in message.fields() {
                let meaning = format!("{}{}", choice(&field), comment(&file, field.path()));
                let row = format!(
                    "| `{}` | {} | {} | {} |",
                    field.name(),
                    field.number(),
                    field_type(&field),
                    cell(&meaning)
                );
                self.line(&row);
            }
            self.line("");
        }
        for child in message.child_messages() {
            self.message(&child);
        }
        for child in message.child_enums() {
            self.enumeration(&child);
        }
    }

    fn enumeration(&mut self, of: &EnumDescriptor) {
        let name = short_name(of.full_name(), of.package_name());
        self.paragraph(&format!("### <a id=\"{}\"></a>{name}", of.full_name()));
        let file = of.parent_file();
        self.paragraph(&comment(&file, of.path()));
        self.line("| value | number | meaning |\n|---|---|---|");
        for value in of.values() {
            let meaning = cell(&comment(&file, value.path()));
            self.line(&format!("| `{}` | {} | {meaning} |", value.name(), value.number()));
        }
        self.line("");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::page;

    const CONTRACT: &str = r#"
syntax = "proto3";
// Issues, from soup to nuts.
package snaglog.issues.v1;
import "google/protobuf/timestamp.proto";

// Takes commands.
service IssueService {
  // Files an issue.
  //
  // Refused: TITLE_MISSING.
  rpc FileIssue(FileIssueRequest) returns (stream Issue);
}

// What to file.
message FileIssueRequest {
  // At most 200 characters,
  // a | included.
  string title = 1;
  // Where it comes from.
  oneof source {
    // A monitor's fingerprint.
    string fingerprint = 2;
  }
  // If known.
  optional uint64 expected_revision = 3;
  // Free.
  map<string, Issue.Part> parts = 4;
}

// An issue.
message Issue {
  // When it happened.
  google.protobuf.Timestamp occurred_at = 1;
  // Its parts.
  repeated Part parts = 2;
  // A part.
  message Part {}
}

// Why not.
enum Reason {
  // Not said.
  REASON_UNSPECIFIED = 0;
}
"#;

    fn rendered() -> String {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("snaglog/issues/v1");
        fs::create_dir_all(&package).unwrap();
        fs::write(package.join("issues.proto"), CONTRACT).unwrap();
        page(folder.path()).unwrap()
    }

    #[track_caller]
    fn says(line: &str) {
        let page = rendered();
        assert!(page.lines().any(|found| found == line), "{line}\nis not in\n{page}");
    }

    #[test]
    fn a_method_says_what_it_takes_answers_and_means() {
        says("Issues, from soup to nuts.");
        says("Takes commands.");
        says("#### <a id=\"snaglog.issues.v1.IssueService.FileIssue\"></a>IssueService.FileIssue");
        says(
            "[`FileIssueRequest`](#snaglog.issues.v1.FileIssueRequest) → stream of [`Issue`](#snaglog.issues.v1.Issue)",
        );
        says("Refused: TITLE_MISSING.");
    }

    #[test]
    fn a_field_says_its_type_and_comment_in_one_row() {
        says("| `title` | 1 | string | At most 200 characters, a \\| included. |");
        says("| `fingerprint` | 2 | string | *One of `source`.* A monitor's fingerprint. |");
        says("| `expected_revision` | 3 | optional uint64 | If known. |");
        says("| `parts` | 4 | map from string to [`Issue.Part`](#snaglog.issues.v1.Issue.Part) | Free. |");
        says("| `occurred_at` | 1 | `google.protobuf.Timestamp` | When it happened. |");
        says("| `parts` | 2 | list of [`Issue.Part`](#snaglog.issues.v1.Issue.Part) | Its parts. |");
    }

    #[test]
    fn the_reasons_of_errors_are_found_from_the_top() {
        says("Reasons of errors: [`Reason`](#snaglog.issues.v1.Reason).");
        says("| `REASON_UNSPECIFIED` | 0 | Not said. |");
    }

    #[test]
    fn a_contract_that_does_not_compile_is_an_error_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.proto"), "syntax = \"proto3\"; message A { Missing m = 1; }").unwrap();
        let error = format!("{:#}", page(folder.path()).unwrap_err());
        assert!(error.contains("Missing"), "{error}");
    }
}
