//! The chart beside the README's performance section.

use plotters::prelude::*;

use crate::at_size::Row;
use crate::grouped;

type Of = fn(&Row) -> f64;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/decide.svg");

/// Draws what one decision costs at each size, beside a plain lookup and Cedar, on scales of powers of ten.
pub(crate) fn draw(rows: &[Row]) {
    let root = SVGBackend::new(FILE, (800, 420)).into_drawing_area();
    root.fill(&WHITE).unwrap();
    let sizes = || rows.iter().map(|row| row.delegations as f64);
    let (least, most) = (
        sizes().fold(f64::MAX, f64::min) / 2.0,
        sizes().fold(0.0, f64::max) * 2.0,
    );
    let mut chart = ChartBuilder::on(&root)
        .caption("One decision", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((least..most).log_scale(), (5.0..20_000.0).log_scale())
        .unwrap();
    chart
        .configure_mesh()
        .x_desc("delegations")
        .y_desc("nanoseconds")
        .x_label_formatter(&|size: &f64| whole(*size))
        .y_label_formatter(&|nanos: &f64| whole(*nanos))
        .light_line_style(TRANSPARENT)
        .draw()
        .unwrap();
    let lines: [(&str, RGBColor, Of); 3] = [
        ("Cedar, ideal slice", RGBColor(120, 120, 120), |row| {
            row.cedar
        }),
        ("Fullmakt", RGBColor(0, 90, 180), |row| row.ours),
        ("plain lookup", RGBColor(200, 120, 0), |row| row.plain),
    ];
    for (name, color, of) in lines {
        let points: Vec<_> = rows
            .iter()
            .map(|row| (row.delegations as f64, of(row)))
            .collect();
        let dots = points.iter().map(|at| Circle::new(*at, 4, color.filled()));
        chart.draw_series(dots).unwrap();
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))
            .unwrap()
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.2))
        .draw()
        .unwrap();
    root.present().unwrap();
    println!("\nthe chart is benches/decide.svg");
}

#[expect(
    clippy::cast_sign_loss,
    reason = "sizes and times are not below nought"
)]
fn whole(number: f64) -> String {
    grouped(number.round() as usize)
}
