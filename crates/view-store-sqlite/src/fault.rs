//! What SQLite's errors mean.

use rusqlite::{Error, ErrorCode};
use view_store::StoreError;

/// Translates what SQLite says, once.
#[expect(clippy::needless_pass_by_value, reason = "it stands where errors are mapped")]
pub(crate) fn fault(error: Error) -> StoreError {
    let reason = error.to_string();
    match &error {
        // A table of ours that is gone, noticed at once or by a statement prepared before.
        Error::SqliteFailure(_, Some(said)) | Error::SqlInputError { msg: said, .. } if said.starts_with("no such") => {
            StoreError::Damaged { reason }
        }
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged { reason },
            _ if concerns_one_row(&error) => StoreError::Invalid { reason },
            // Full, read-only, busy, cannot open, an I/O error, out of memory.
            _ => StoreError::Unavailable { reason },
        },
        Error::InvalidColumnType(..) | Error::IntegralValueOutOfRange(..) | Error::FromSqlConversionFailure(..) => {
            StoreError::Damaged { reason }
        }
        _ => StoreError::Invalid { reason },
    }
}

/// Would the same be said again of this row, and not of others?
pub(crate) fn concerns_one_row(error: &Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch))
}
