//! The difference of two texts, line by line.

/// A line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// In both.
    Same(String),
    /// Only in the old text.
    Removed(String),
    /// Only in the new text.
    Added(String),
}

/// Lines of a comparison that belong together, with where they begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// Number of its first line in the old text, from 1; of the line before if it has none there.
    pub old_start: usize,
    /// The same in the new text.
    pub new_start: usize,
    pub lines: Vec<Line>,
}

impl Hunk {
    /// How many of its lines the old and the new text have.
    pub fn lengths(&self) -> (usize, usize) {
        let count = |added: bool| {
            let other = |line: &&Line| match line {
                Line::Same(_) => false,
                Line::Added(_) => !added,
                Line::Removed(_) => added,
            };
            self.lines.len() - self.lines.iter().filter(other).count()
        };
        (count(false), count(true))
    }
}

/// The changes of a comparison with at most `context` unchanged lines before and after each, as in
/// a unified diff.
pub fn hunks(lines: &[Line], context: usize) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    // The line behind the last hunk.
    let mut end = 0;
    let (mut old, mut new) = (0, 0);
    // How many lines of either text stand before each line of the comparison.
    let mut before = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        before.push((old, new));
        match line {
            Line::Same(_) => (old, new) = (old + 1, new + 1),
            Line::Removed(_) => old += 1,
            Line::Added(_) => new += 1,
        }
        if matches!(line, Line::Same(_)) {
            continue;
        }
        let from = at.saturating_sub(context);
        let to = (at + 1 + context).min(lines.len());
        match hunks.last_mut() {
            Some(hunk) if from <= end => {
                hunk.lines
                    .extend(lines.get(end..to).unwrap_or_default().iter().cloned());
            }
            _ => {
                let (old_start, new_start) = before.get(from).copied().unwrap_or_default();
                hunks.push(Hunk {
                    old_start,
                    new_start,
                    lines: lines.get(from..to).unwrap_or_default().to_vec(),
                });
            }
        }
        end = to;
    }
    for hunk in &mut hunks {
        let (olds, news) = hunk.lengths();
        hunk.old_start += usize::from(olds > 0);
        hunk.new_start += usize::from(news > 0);
    }
    hunks
}

/// Differences beyond this many lines are not looked for: the rest counts as replaced.
const MAX_EDITS: usize = 1_000;

/// The shortest way from `old` to `new` in lines (Myers' algorithm). Where the texts have hardly
/// anything in common, what lies between their common start and end is shown as replaced.
pub fn lines(old: &str, new: &str) -> Vec<Line> {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a_rest, b_rest) = (
        a.get(start..).unwrap_or_default(),
        b.get(start..).unwrap_or_default(),
    );
    let end = a_rest
        .iter()
        .rev()
        .zip(b_rest.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let a_middle = a_rest.get(..a_rest.len() - end).unwrap_or_default();
    let b_middle = b_rest.get(..b_rest.len() - end).unwrap_or_default();
    let same = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| Line::Same((*line).to_owned()))
            .collect::<Vec<_>>()
    };
    let mut out = same(a.get(..start).unwrap_or_default());
    out.extend(middle(a_middle, b_middle));
    out.extend(same(a_rest.get(a_rest.len() - end..).unwrap_or_default()));
    out
}

fn middle(a: &[&str], b: &[&str]) -> Vec<Line> {
    let replaced = || {
        let removed = a.iter().map(|line| Line::Removed((*line).to_owned()));
        removed
            .chain(b.iter().map(|line| Line::Added((*line).to_owned())))
            .collect::<Vec<_>>()
    };
    if a.is_empty() || b.is_empty() {
        return replaced();
    }
    let (n, m) = (a.len() as isize, b.len() as isize);
    let limit = (a.len() + b.len()).min(MAX_EDITS);
    let offset = limit as isize + 1;
    // Per diagonal k = x - y, how far in `a` one gets with the edits so far; one copy per number of
    // edits, of the diagonals that number can reach.
    let mut reach = vec![0isize; 2 * limit + 3];
    let mut history: Vec<Vec<isize>> = Vec::new();
    let get = |reach: &[isize], k: isize| {
        usize::try_from(k + offset)
            .ok()
            .and_then(|at| reach.get(at))
            .copied()
            .unwrap_or(-1)
    };
    for edits in 0..=limit as isize {
        history.push((-edits - 1..=edits + 1).map(|k| get(&reach, k)).collect());
        for k in (-edits..=edits).step_by(2) {
            let down = k == -edits || (k != edits && get(&reach, k - 1) < get(&reach, k + 1));
            let mut x = if down {
                get(&reach, k + 1)
            } else {
                get(&reach, k - 1) + 1
            };
            while x < n && x - k < m && a.get(x as usize) == b.get((x - k) as usize) {
                x += 1;
            }
            if let Some(place) = usize::try_from(k + offset)
                .ok()
                .and_then(|at| reach.get_mut(at))
            {
                *place = x;
            }
            if x >= n && x - k >= m {
                return trace(a, b, &history);
            }
        }
    }
    replaced()
}

/// Walks back from the end along the recorded ways.
fn trace(a: &[&str], b: &[&str], history: &[Vec<isize>]) -> Vec<Line> {
    let text = |lines: &[&str], at: isize| {
        usize::try_from(at)
            .ok()
            .and_then(|at| lines.get(at))
            .map(|line| (*line).to_owned())
            .unwrap_or_default()
    };
    let (mut x, mut y) = (a.len() as isize, b.len() as isize);
    let mut out = Vec::new();
    for (edits, reach) in history.iter().enumerate().rev() {
        let edits = edits as isize;
        let get = |k: isize| {
            usize::try_from(k + edits + 1)
                .ok()
                .and_then(|at| reach.get(at))
                .copied()
                .unwrap_or(-1)
        };
        let k = x - y;
        let down = k == -edits || (k != edits && get(k - 1) < get(k + 1));
        let before = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = if edits == 0 {
            (0, 0)
        } else {
            (get(before), get(before) - before)
        };
        while x > from_x && y > from_y {
            (x, y) = (x - 1, y - 1);
            out.push(Line::Same(text(a, x)));
        }
        if edits > 0 {
            out.push(if down {
                Line::Added(text(b, from_y))
            } else {
                Line::Removed(text(a, from_x))
            });
            (x, y) = (from_x, from_y);
        }
    }
    out.reverse();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(old: &str, new: &str) -> String {
        let line = |line: Line| match line {
            Line::Same(text) => format!(" {text}"),
            Line::Removed(text) => format!("-{text}"),
            Line::Added(text) => format!("+{text}"),
        };
        lines(old, new)
            .into_iter()
            .map(line)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn the_shortest_way_is_found() {
        assert_eq!(shown("a\nb\nc", "a\nc\nd"), " a\n-b\n c\n+d");
        assert_eq!(shown("", "x"), "+x");
        assert_eq!(shown("x", ""), "-x");
        assert_eq!(
            shown("a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc")
                .matches(['-', '+'])
                .count(),
            5
        );
    }

    #[test]
    fn hunks_keep_a_few_lines_around_changes() {
        let text = |changed: &[usize]| {
            (1..=20)
                .map(|n| {
                    if changed.contains(&n) {
                        format!("x{n}\n")
                    } else {
                        format!("{n}\n")
                    }
                })
                .collect::<String>()
        };
        let found = hunks(&lines(&text(&[]), &text(&[2, 5, 15])), 2);
        let starts: Vec<_> = found
            .iter()
            .map(|hunk| (hunk.old_start, hunk.new_start, hunk.lengths()))
            .collect();
        assert_eq!(starts, [(1, 1, (7, 7)), (13, 13, (5, 5))]);
        assert_eq!(hunks(&lines("", "a\nb"), 3)[0].lengths(), (0, 2));
        assert_eq!(hunks(&lines("", "a\nb"), 3)[0].old_start, 0);
        assert!(hunks(&lines("a", "a"), 3).is_empty());
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_off(old in "([abc]\n){0,12}", new in "([abc]\n){0,12}") {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for line in lines(&old, &new) {
                match line {
                    Line::Same(text) => { a.push(text.clone()); b.push(text); }
                    Line::Removed(text) => a.push(text),
                    Line::Added(text) => b.push(text),
                }
            }
            prop_assert_eq!(a, old.lines().map(str::to_owned).collect::<Vec<_>>());
            prop_assert_eq!(b, new.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }

    #[test]
    fn hopeless_texts_are_replaced_in_bounded_time() {
        let many = |word: &str| {
            (0..20_000)
                .map(|n| format!("{word}{n}\n"))
                .collect::<String>()
        };
        assert_eq!(lines(&many("a"), &many("b")).len(), 40_000);
    }
}
