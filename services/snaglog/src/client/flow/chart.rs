//! Charts of blocks, for a terminal.

use anstyle::{AnsiColor, Style};

/// A chart is at most so many columns wide.
pub(super) const WIDTH: usize = 64;
/// So many lines high.
const HEIGHT: usize = 12;
/// Eighths of a column of a terminal, from the left.
const LEFT: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Eighths of its height, from below.
const BELOW: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A layer of a stacked chart: what it is drawn with. The glyphs differ, so that it can be read without colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer {
    pub(super) glyph: char,
    color: AnsiColor,
}

impl Layer {
    pub(super) const fn new(glyph: char, color: AnsiColor) -> Self {
        Self { glyph, color }
    }

    /// Some of its glyphs, in its colour.
    pub(super) fn paint(self, length: usize) -> String {
        let style = Style::new().fg_color(Some(self.color.into()));
        format!("{style}{}{style:#}", self.glyph.to_string().repeat(length))
    }
}

/// At most [`WIDTH`] of these, evenly: the last of each stretch.
pub(super) fn sampled<T: Copy>(values: &[T]) -> Vec<T> {
    let columns = values.len().min(WIDTH);
    (1..=columns).map(|column| values[column * values.len() / columns - 1]).collect()
}

/// One character for each value, as high as it is beside the highest. None of them is blank but 0.
pub(super) fn sparkline(values: &[i64]) -> String {
    let highest = values.iter().copied().max().unwrap_or_default();
    let one = |value: &i64| match eighths(*value, highest, 1) {
        0 => ' ',
        eighths => BELOW[eighths - 1],
    };
    values.iter().map(one).collect()
}

/// A bar as long as the value is beside the highest, which has `width` columns.
pub(super) fn bar(value: i64, highest: i64, width: usize) -> String {
    let eighths = eighths(value, highest, width);
    let rest = (eighths % 8).checked_sub(1).map(|last| LEFT[last]);
    std::iter::repeat_n('█', eighths / 8).chain(rest).collect()
}

/// How many eighths of `width` columns the value has beside the highest; at least one, if it is not 0.
fn eighths(value: i64, highest: i64, width: usize) -> usize {
    let (value, highest) = (value.max(0).unsigned_abs(), highest.max(1).unsigned_abs());
    let whole = u64::try_from(width * 8).unwrap_or(u64::MAX);
    let part = (value * whole + highest / 2) / highest;
    usize::try_from(part.max(u64::from(value > 0))).unwrap_or_default()
}

/// Layers upon each other, a column for each step, with the scale at the left.
pub(super) fn stacked(layers: &[Layer], columns: &[Vec<i64>]) -> Vec<String> {
    let highest = columns.iter().map(|column| column.iter().sum::<i64>()).max().unwrap_or_default().max(1);
    let scale = highest.to_string().len();
    let lines = (0..HEIGHT).rev().map(|line| {
        // What stands in the middle of this line.
        let level = highest * i64::try_from(2 * line + 1).unwrap_or(i64::MAX);
        let layer_at = |column: &Vec<i64>| {
            let mut up_to = 0;
            column.iter().position(|height| {
                up_to += height;
                up_to * 2 * i64::try_from(HEIGHT).unwrap_or(1) > level
            })
        };
        let label = if line + 1 == HEIGHT { highest.to_string() } else { String::new() };
        let mut text = format!("{label:>scale$} │");
        let mut drawn: Vec<(Option<usize>, usize)> = Vec::new();
        for layer in columns.iter().map(layer_at) {
            match drawn.last_mut() {
                Some((last, length)) if *last == layer => *length += 1,
                _ => drawn.push((layer, 1)),
            }
        }
        for (layer, length) in drawn {
            text.push_str(&layer.map_or_else(|| " ".repeat(length), |layer| layers[layer].paint(length)));
        }
        text.trim_end().to_owned()
    });
    lines.chain([format!("{:>scale$} └{}", 0, "─".repeat(columns.len()))]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_is_as_high_as_its_values() {
        assert_eq!(sparkline(&[0, 1, 50, 100]), " ▁▄█");
        assert_eq!(sparkline(&[0, 0]), "  ");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn a_bar_is_as_long_as_its_value() {
        assert_eq!(
            ["", "▏", "█████", "██████████"],
            [0, 1, 50, 100].map(|value| bar(value, 100, 10)).each_ref().map(|bar| &**bar)
        );
    }

    #[test]
    fn long_windows_keep_their_end() {
        let days: Vec<i64> = (0..1830).collect();
        let told = sampled(&days);
        assert_eq!((told.len(), told.last()), (WIDTH, Some(&1829)));
        assert_eq!(sampled(&days[..3]), [0, 1, 2]);
    }

    #[test]
    fn layers_lie_upon_each_other() {
        let layers = [Layer::new('a', AnsiColor::Blue), Layer::new('b', AnsiColor::Red)];
        let plain = |line: &String| anstream::adapter::strip_str(line).to_string();
        let told: Vec<_> = stacked(&layers, &[vec![0, 0], vec![6, 0], vec![6, 6]]).iter().map(plain).collect();
        assert_eq!((told[0].as_str(), told[6].as_str(), told[12].as_str()), ("12 │  b", "   │ aa", " 0 └───"));
    }
}
