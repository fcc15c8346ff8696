//! How columns share the width, and which leave when there is too little.

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Width {
    /// Always this wide.
    Fixed(f32),
    /// At least this wide, and a share of what is left.
    Flex(f32),
}

impl Width {
    fn least(self) -> f32 {
        match self {
            Self::Fixed(width) | Self::Flex(width) => width,
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    /// Names it in [`super::TableState::sort`].
    pub id: &'a str,
    /// What its head says.
    pub title: &'a str,
    /// How wide it is.
    pub width: Width,
    /// Figures stand at the right.
    pub right: bool,
    /// A click on the head sorts.
    pub sortable: bool,
    /// The first click sorts from large to small.
    pub starts_reversed: bool,
    /// What its tooltip says.
    pub tip: Option<&'a str>,
    /// Columns with a higher number leave first when there is too little width; 0 never leaves.
    pub leaves: u8,
    /// Its head can be dragged before another's, and its left border for its width.
    pub movable: bool,
}

impl<'a> Column<'a> {
    /// A column that takes a share of what is left, at least `width`.
    #[must_use]
    pub fn flex(id: &'a str, title: &'a str, width: f32) -> Self {
        Self {
            id,
            title,
            width: Width::Flex(width),
            right: false,
            sortable: false,
            starts_reversed: false,
            tip: None,
            leaves: 0,
            movable: false,
        }
    }

    /// A column of fixed width.
    #[must_use]
    pub fn fixed(id: &'a str, title: &'a str, width: f32) -> Self {
        Self {
            width: Width::Fixed(width),
            ..Self::flex(id, title, width)
        }
    }

    /// Figures: at the right.
    #[must_use]
    pub fn right(mut self) -> Self {
        self.right = true;
        self
    }

    /// A click on the head sorts.
    #[must_use]
    pub fn sortable(mut self) -> Self {
        self.sortable = true;
        self
    }

    /// A click on the head sorts, first from large to small.
    #[must_use]
    pub fn sortable_reversed(mut self) -> Self {
        self.sortable = true;
        self.starts_reversed = true;
        self
    }

    /// What its tooltip says.
    #[must_use]
    pub fn tip(mut self, tip: &'a str) -> Self {
        self.tip = Some(tip);
        self
    }

    /// Its head can be dragged before another's, and its left border for its width.
    #[must_use]
    pub fn movable(mut self) -> Self {
        self.movable = true;
        self
    }

    /// Leaves when there is too little width; those with a higher number leave first.
    #[must_use]
    pub fn leaves(mut self, order: u8) -> Self {
        self.leaves = order;
        self
    }
}

/// Left edge and width of each column within `width`; `None` for a column that left.
#[must_use]
pub fn fit_columns(columns: &[Column<'_>], width: f32) -> Vec<Option<(f32, f32)>> {
    let mut shown = vec![true; columns.len()];
    loop {
        let need: f32 = columns
            .iter()
            .zip(&shown)
            .filter(|(_, shown)| **shown)
            .map(|(column, _)| column.width.least())
            .sum();
        if need <= width {
            break;
        }
        let leaving = columns
            .iter()
            .enumerate()
            .filter(|(i, column)| shown[*i] && column.leaves > 0)
            .max_by_key(|(i, column)| (column.leaves, *i))
            .map(|(i, _)| i);
        match leaving {
            Some(i) => shown[i] = false,
            None => break,
        }
    }
    let need: f32 = columns
        .iter()
        .zip(&shown)
        .filter(|(_, shown)| **shown)
        .map(|(column, _)| column.width.least())
        .sum();
    let flexible: f32 = columns
        .iter()
        .zip(&shown)
        .filter(|(_, shown)| **shown)
        .map(|(column, _)| {
            if let Width::Flex(least) = column.width {
                least
            } else {
                0.0
            }
        })
        .sum();
    let spare = width - need;
    let mut left = 0.0;
    columns
        .iter()
        .zip(shown)
        .map(|(column, shown)| {
            if !shown {
                return None;
            }
            let own = match column.width {
                Width::Fixed(own) => own,
                // Spare width goes to the flexible columns by their size; when even the
                // columns that never leave do not fit, they give by the same measure.
                Width::Flex(least) if flexible > 0.0 => {
                    (least + spare * least / flexible).max(24.0)
                }
                Width::Flex(least) => least,
            };
            let at = left;
            left += own;
            Some((at, own))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> [Column<'static>; 4] {
        [
            Column::flex("name", "Name", 100.0),
            Column::flex("path", "Path", 100.0).leaves(1),
            Column::fixed("files", "Files", 50.0).leaves(2),
            Column::fixed("size", "Size", 50.0),
        ]
    }

    #[test]
    fn spare_width_goes_to_the_flexible_ones() {
        let spans = fit_columns(&columns(), 400.0);
        assert_eq!(
            spans,
            [
                Some((0.0, 150.0)),
                Some((150.0, 150.0)),
                Some((300.0, 50.0)),
                Some((350.0, 50.0))
            ]
        );
    }

    #[test]
    fn columns_leave_in_their_order_and_the_name_stays() {
        let gone = |width| {
            fit_columns(&columns(), width)
                .iter()
                .map(Option::is_none)
                .collect::<Vec<_>>()
        };
        assert_eq!(gone(300.0), [false, false, false, false]);
        assert_eq!(gone(299.0), [false, false, true, false]);
        assert_eq!(gone(249.0), [false, true, true, false]);
        assert_eq!(gone(20.0), [false, true, true, false]);
        assert!(fit_columns(&columns(), 20.0)[0].is_some_and(|(_, width)| width >= 24.0));
    }
}
