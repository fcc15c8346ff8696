//! Line differences between the saved text and the one being edited.

/// One line of a comparison. Numbers are lines counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// In both.
    Same { old: usize, new: usize },
    /// Only in the old text.
    Removed { old: usize },
    /// Only in the new text.
    Added { new: usize },
    /// In both, with other words.
    Changed { old: usize, new: usize },
}

/// How two texts differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineDiff {
    /// All lines of both texts in order.
    pub rows: Vec<Row>,
    /// How many lines have other words.
    pub changed: usize,
    /// How many lines came in.
    pub added: usize,
    /// How many lines went away.
    pub removed: usize,
}

impl LineDiff {
    /// Lines that are not as they were saved.
    pub fn touched(&self) -> usize {
        self.changed + self.added + self.removed
    }

    /// Before these lines of the new text something was removed.
    pub fn removed_before(&self) -> Vec<usize> {
        let mut out = Vec::new();
        let mut next = 0;
        for row in &self.rows {
            match row {
                Row::Same { new, .. } | Row::Changed { new, .. } | Row::Added { new } => {
                    next = new + 1;
                }
                Row::Removed { .. } => {
                    if out.last() != Some(&next) {
                        out.push(next);
                    }
                }
            }
        }
        out
    }

    /// `4 changed, 5 added`; empty when nothing is.
    pub fn words(&self) -> String {
        [
            (self.changed, "changed"),
            (self.added, "added"),
            (self.removed, "removed"),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", crate::format::thousands(*count as u64)))
        .collect::<Vec<_>>()
        .join(", ")
    }
}

/// Cells of the table of common lines; past it a region counts as replaced altogether, so that a
/// pasted text of any size is compared at once.
const MAX_CELLS: usize = 2_000_000;

/// Compare two texts by lines.
pub fn compare(old: &str, new: &str) -> LineDiff {
    let a: Vec<&str> = lines(old);
    let b: Vec<&str> = lines(new);
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let most = a.len().min(b.len()) - head;
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take(most)
        .take_while(|(a, b)| a == b)
        .count();
    let mut diff = LineDiff::default();
    for i in 0..head {
        diff.rows.push(Row::Same { old: i, new: i });
    }
    middle(&mut diff, &a, &b, head, tail);
    for i in 0..tail {
        diff.rows.push(Row::Same {
            old: a.len() - tail + i,
            new: b.len() - tail + i,
        });
    }
    for row in &diff.rows {
        match row {
            Row::Same { .. } => {}
            Row::Removed { .. } => diff.removed += 1,
            Row::Added { .. } => diff.added += 1,
            Row::Changed { .. } => diff.changed += 1,
        }
    }
    diff
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// The part between the common head and tail, by the longest common subsequence.
fn middle(diff: &mut LineDiff, a: &[&str], b: &[&str], head: usize, tail: usize) {
    let (a_end, b_end) = (a.len() - tail, b.len() - tail);
    let (n, m) = (a_end - head, b_end - head);
    if n.saturating_mul(m) > MAX_CELLS {
        gap(diff, a, b, head..a_end, head..b_end);
        return;
    }
    let width = m + 1;
    let mut table = vec![0_u32; (n + 1) * width];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            table[i * width + j] = if a[head + i] == b[head + j] {
                table[(i + 1) * width + j + 1] + 1
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let (mut from_i, mut from_j) = (0, 0);
    while i < n && j < m {
        if a[head + i] == b[head + j] {
            gap(diff, a, b, head + from_i..head + i, head + from_j..head + j);
            diff.rows.push(Row::Same {
                old: head + i,
                new: head + j,
            });
            i += 1;
            j += 1;
            (from_i, from_j) = (i, j);
        } else if table[(i + 1) * width + j] >= table[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    gap(diff, a, b, head + from_i..a_end, head + from_j..b_end);
}

/// Lines between two common ones: those with the same key are one changed line.
fn gap(
    diff: &mut LineDiff,
    a: &[&str],
    b: &[&str],
    old: std::ops::Range<usize>,
    new: std::ops::Range<usize>,
) {
    let in_order = old.len() == new.len();
    let mut at = new.start;
    for i in old {
        let pair = if in_order {
            Some(at)
        } else {
            (at..new.end).find(|j| key(a[i]) == key(b[*j]))
        };
        let Some(pair) = pair else {
            diff.rows.push(Row::Removed { old: i });
            continue;
        };
        while at < pair {
            diff.rows.push(Row::Added { new: at });
            at += 1;
        }
        diff.rows.push(Row::Changed { old: i, new: pair });
        at = pair + 1;
    }
    for j in at..new.end {
        diff.rows.push(Row::Added { new: j });
    }
}

/// What makes two lines versions of one line: what stands before the colon.
fn key(line: &str) -> &str {
    line.split_once(':').map_or(line, |(key, _)| key)
}

/// The rows to show when unchanged ones are folded but for some around each change. Each range is
/// of rows that are folded.
pub fn folds(rows: &[Row], context: usize) -> Vec<std::ops::Range<usize>> {
    let mut shown = vec![false; rows.len()];
    for (i, row) in rows.iter().enumerate() {
        if !matches!(row, Row::Same { .. }) {
            let to = (i + context + 1).min(rows.len());
            shown[i.saturating_sub(context)..to].fill(true);
        }
    }
    let mut out = Vec::new();
    let mut start = None;
    for (i, shown) in shown.iter().chain(std::iter::once(&true)).enumerate() {
        match (shown, start) {
            (false, None) => start = Some(i),
            (true, Some(from)) => {
                out.push(from..i);
                start = None;
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(old: &str, new: &str) -> String {
        let (a, b) = (lines(old), lines(new));
        compare(old, new)
            .rows
            .iter()
            .map(|row| match row {
                Row::Same { new, .. } => format!("  {}\n", b[*new]),
                Row::Removed { old } => format!("- {}\n", a[*old]),
                Row::Added { new } => format!("+ {}\n", b[*new]),
                Row::Changed { new, .. } => format!("~ {}\n", b[*new]),
            })
            .collect()
    }

    #[test]
    fn lines_with_the_same_key_are_changed() {
        let old = "a: 1\nb: 2\nc: 3\nd: 4\n";
        let new = "a: 1\nx: 0\nb: 5\nc: 3\n";
        assert_eq!(text(old, new), "  a: 1\n+ x: 0\n~ b: 5\n  c: 3\n- d: 4\n");
        let diff = compare(old, new);
        assert_eq!(diff.words(), "1 changed, 1 added, 1 removed");
        assert_eq!(diff.removed_before(), [4]);
        assert_eq!(diff.touched(), 3);
    }

    #[test]
    fn a_renamed_key_is_a_changed_line() {
        assert_eq!(
            text("a\n  author: x\nb\n", "a\n  authors: x\nb\n"),
            "  a\n~   authors: x\n  b\n"
        );
    }

    #[test]
    fn nothing_to_something_and_back() {
        assert_eq!(text("", "a\nb\n"), "+ a\n+ b\n");
        assert_eq!(text("a\nb\n", ""), "- a\n- b\n");
        assert_eq!(compare("a\n", "a\n").touched(), 0);
    }

    #[test]
    fn unchanged_lines_fold_around_changes() {
        let old: String = (0..20).map(|i| format!("line {i}\n")).collect();
        let new = old.replace("line 10\n", "line ten\n");
        let diff = compare(&old, &new);
        assert_eq!(folds(&diff.rows, 3), [0..7, 14..20]);
    }
}
