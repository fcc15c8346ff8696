//! Every kind of plot as a picture.

use super::*;
use crate::plots::stats::{density, summary};

fn picture(figure: Figure) -> PlotChart {
    PlotChart {
        title: "loss by lr".into(),
        x_label: "lr".into(),
        y_label: "loss".into(),
        figure,
        note: "n = 3 of 4 runs".into(),
        palette: Palette::default(),
        width: 640,
        height: 360,
    }
}

fn spot(label: &str, x: f64, y: f64) -> Spot {
    Spot {
        label: label.into(),
        colour: ABOVE,
        x,
        y,
    }
}

#[test]
fn every_kind_has_its_marks_and_says_its_numbers() {
    let spots = vec![
        spot("a", 0.1, 3.0),
        spot("b", 0.2, 2.0),
        spot("c", -1.0, 1.0),
    ];
    let values = [1.0, 2.0, 4.0];
    let group = |density| BoxGroup {
        label: "adam".into(),
        summary: summary(&values).expect("values"),
        values: values.map(|v| (v, BELOW)).into(),
        density,
    };
    let scatter = |log_x| Figure::Scatter {
        spots: spots.clone(),
        x_words: None,
        y_words: None,
        log_x,
        log_y: false,
    };
    let boxes = |group| Figure::Boxes {
        groups: vec![group],
        log_y: false,
    };
    let parallel = Figure::Parallel {
        axes: vec![
            ("lr".into(), vec![(0.0, "0.1".into())]),
            ("loss".into(), vec![(1.0, "3".into())]),
        ],
        lines: vec![LineAcross {
            colour: ABOVE,
            at: vec![Some(0.2), Some(0.9)],
        }],
    };
    let coefficients = vec![("lr".into(), -0.5, 3), ("seed".into(), 0.25, 4)];
    for (figure, circles, words) in [
        (scatter(false), 3, "b"),
        (scatter(true), 2, "lr (log)"),
        (boxes(group(Vec::new())), 3, "adam (n = 3)"),
        (boxes(group(density(&values))), 3, "adam (n = 3)"),
        (Figure::Bars(spots.clone()), 0, "c"),
        (Figure::Correlation(coefficients), 0, "-0.50, n = 3"),
        (parallel, 0, "0.1"),
    ] {
        let kind = format!("{figure:?}");
        let chart = picture(figure);
        let svg = chart.svg().expect("a picture");
        assert_eq!(svg.matches("<circle").count(), circles, "{kind}");
        for text in [words, "n = 3 of 4 runs", "loss by lr"] {
            assert!(svg.contains(text), "{text}: {kind}");
        }
        assert!(chart.png(1.0).expect("a picture").starts_with(b"\x89PNG"));
    }
}

#[test]
fn words_stand_along_an_axis_and_nothing_is_drawn_of_nothing() {
    let words = ["constant".to_owned(), "cosine".to_owned()];
    let chart = picture(Figure::Scatter {
        spots: vec![spot("a", 0.0, 1.0), spot("b", 1.0, 2.0)],
        x_words: Some(words.into()),
        y_words: None,
        log_x: true,
        log_y: false,
    });
    let svg = chart.svg().expect("a picture");
    assert!(svg.contains("cosine") && !svg.contains("(log)"));
    assert!(picture(Figure::Bars(Vec::new())).svg().is_ok());
    let mut none = picture(Figure::Correlation(Vec::new()));
    none.width = 0;
    assert!(none.svg().is_err());
}
