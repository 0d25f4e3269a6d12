//! The picture of the tiers: web servers, applications and databases in three columns, clusters
//! as frames around their nodes, an arrow for each link. It knows boxes and names, not rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{INK, xml};

/// One box.
#[derive(Clone, Debug, Default)]
pub struct Node {
    pub name: String,
    /// The line below the name.
    pub note: String,
    /// Colour of its border.
    pub colour: &'static str,
    /// Nothing is known of it: drawn with a broken line.
    pub is_stranger: bool,
    /// Name of the frame that it stands in; empty for none.
    pub frame: String,
}

/// From a box to a box, by column and row.
#[derive(Clone, Debug)]
pub struct Edge {
    pub from: (usize, usize),
    pub to: (usize, usize),
    pub label: String,
}

/// What is drawn: columns with their headings, boxes from above.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    pub title: String,
    pub heads: [String; 3],
    /// In a frame's column its boxes stand one after the other.
    pub columns: [Vec<Node>; 3],
    pub edges: Vec<Edge>,
}

const WIDTH: usize = 720;
const BOX_WIDTH: usize = 184;
const BOX_HEIGHT: usize = 42;
/// Between two boxes, and before and after a frame, whose name stands above it.
const GAP: usize = 14;
const FRAME_GAP: usize = 26;
const TOP: usize = 44;
const COLUMN_X: [usize; 3] = [14, 268, 522];
/// Most boxes of one column: what is above is counted in the last.
pub const BOXES_MAX: usize = 40;
/// Arrows beyond which their labels would lie on each other.
const LABELS_MAX: usize = 14;
/// Widths of texts in half-width characters.
const NAME_CELLS_MAX: usize = 24;
const NOTE_CELLS_MAX: usize = 32;
const FRAME_CELLS_MAX: usize = 38;

/// The picture as SVG; as tall as its longest column.
#[must_use]
pub fn topology(picture: &Picture) -> String {
    let places: Vec<Vec<usize>> = picture.columns.iter().map(|column| places(column)).collect();
    let lowest = places.iter().filter_map(|column| column.last()).max();
    let height = lowest.map_or(TOP, |y| y + BOX_HEIGHT) + FRAME_GAP;
    let mut out = String::new();
    let _ = write!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" font-family="Pretendard"><title>{}</title>"#,
        xml(&picture.title)
    );
    let used = |at: &usize| !picture.columns[*at].is_empty();
    for at in (0..picture.heads.len()).filter(used) {
        let x = COLUMN_X[at] + BOX_WIDTH / 2;
        let _ = write!(
            out,
            r##"<text x="{x}" y="18" text-anchor="middle" font-size="12" font-weight="700" fill="#5b6b7c">{}</text>"##,
            xml(&picture.heads[at])
        );
    }
    for (at, column) in picture.columns.iter().enumerate() {
        frames(&mut out, column, &places[at], COLUMN_X[at]);
    }
    edges(&mut out, picture, &places);
    for (at, column) in picture.columns.iter().enumerate() {
        for (node, y) in column.iter().zip(&places[at]) {
            boxed(&mut out, node, COLUMN_X[at], *y);
        }
    }
    out.push_str("</svg>");
    out
}

/// Where the boxes of a column begin.
fn places(column: &[Node]) -> Vec<usize> {
    let mut y = TOP;
    let mut places = Vec::with_capacity(column.len());
    for (at, node) in column.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |before| column[before].frame.as_str());
        if node.frame != before {
            y += FRAME_GAP;
        }
        places.push(y);
        y += BOX_HEIGHT + GAP;
    }
    places
}

fn frames(out: &mut String, column: &[Node], places: &[usize], x: usize) {
    let mut at = 0;
    while at < column.len() {
        let frame = &column[at].frame;
        let count = column[at..].iter().take_while(|node| node.frame == *frame).count();
        if !frame.is_empty() {
            let (top, last) = (places[at] - 20, places[at + count - 1]);
            let height = last + BOX_HEIGHT + 7 - top;
            let _ = write!(
                out,
                r##"<rect x="{}" y="{top}" width="{}" height="{height}" rx="6" fill="#f4f6f9" stroke="#8a98a8" stroke-dasharray="5 3"/><text x="{}" y="{}" font-size="9.5" font-weight="600" fill="{INK}">{}</text>"##,
                x - 8,
                BOX_WIDTH + 16,
                x,
                top + 14,
                xml(&cut(frame, FRAME_CELLS_MAX))
            );
        }
        at += count;
    }
}

fn boxed(out: &mut String, node: &Node, x: usize, y: usize) {
    let dash = if node.is_stranger { r#" stroke-dasharray="4 3""# } else { "" };
    let _ = write!(
        out,
        r#"<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4" fill="white" stroke="{}" stroke-width="1.6"{dash}/><text x="{}" y="{}" text-anchor="middle" font-size="12" font-weight="600" fill="{INK}">{}</text>"#,
        node.colour,
        x + BOX_WIDTH / 2,
        y + 18,
        xml(&cut(&node.name, NAME_CELLS_MAX))
    );
    let _ = write!(
        out,
        r##"<text x="{}" y="{}" text-anchor="middle" font-size="9.5" fill="#5b6b7c">{}</text>"##,
        x + BOX_WIDTH / 2,
        y + 33,
        xml(&cut(&node.note, NOTE_CELLS_MAX))
    );
}

fn edges(out: &mut String, picture: &Picture, places: &[Vec<usize>]) {
    let middle = |(column, row): (usize, usize)| {
        places.get(column).and_then(|list| list.get(row)).map(|y| y + BOX_HEIGHT / 2)
    };
    // Labels lie on top of every line, and each place has one.
    let mut labels: BTreeMap<(usize, usize), BTreeSet<&str>> = BTreeMap::new();
    for edge in &picture.edges {
        let (Some(y1), Some(y2)) = (middle(edge.from), middle(edge.to)) else { continue };
        let (from, to) = (edge.from.0, edge.to.0);
        if from >= to {
            continue;
        }
        let (x1, x2) = (COLUMN_X[from] + BOX_WIDTH, COLUMN_X[to]);
        // The head's base; the line is a curve that leaves and arrives level.
        let (end, bend) = (x2 - 7, (x2 - x1) / 2);
        let _ = write!(
            out,
            r##"<path d="M{x1} {y1} C{} {y1} {} {y2} {end} {y2}" fill="none" stroke="#5b6b7c" stroke-width="1.3"/><path d="M{x2} {y2} l-8 -4 v8 z" fill="#5b6b7c"/>"##,
            x1 + bend,
            end - bend
        );
        if !edge.label.is_empty() && picture.edges.len() <= LABELS_MAX {
            // Near the end, where arrows of one source have parted, on the side that the curve
            // does not come from.
            let place = (x2 - 14, if y1 < y2 { y2 + 11 } else { y2 - 5 });
            labels.entry(place).or_default().insert(&edge.label);
        }
    }
    for ((x, y), texts) in labels {
        let text = xml(&texts.into_iter().collect::<Vec<_>>().join(", "));
        // Digits of that size are five wide; the ground keeps lines out of them.
        let width = text.len() * 5 + 4;
        let _ = write!(
            out,
            r##"<rect x="{}" y="{}" width="{width}" height="10" fill="white"/><text x="{x}" y="{y}" text-anchor="end" font-size="9" fill="{INK}">{text}</text>"##,
            (x + 2).saturating_sub(width),
            y.saturating_sub(8)
        );
    }
}

/// A text of so many half-width cells at most; Hangul and other wide characters take two.
fn cut(text: &str, cells_max: usize) -> String {
    let mut cells = 0;
    let mut kept = String::new();
    for c in text.chars() {
        cells += if c >= '\u{1100}' { 2 } else { 1 };
        if cells > cells_max {
            kept.push('…');
            break;
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, frame: &str) -> Node {
        let (name, frame) = (name.to_owned(), frame.to_owned());
        Node { name, frame, colour: "#2e7d4f", ..Node::default() }
    }

    #[test]
    fn nothing_leaves_the_picture() {
        let long = "아주긴호스트이름".repeat(9);
        let mut picture = Picture::default();
        for column in &mut picture.columns {
            column.extend((0..BOXES_MAX).map(|_| node(&long, "")));
            column.extend((0..3).map(|_| node("<script>", "frame & frame")));
        }
        picture.edges.push(Edge { from: (0, 0), to: (1, 42), label: "8009".to_owned() });
        picture.edges.push(Edge { from: (1, 0), to: (2, 900), label: String::new() });
        let svg = topology(&picture);
        assert!(!svg.contains("<script>") && svg.contains("frame &amp; frame"));
        let number = |name: &str| -> Vec<usize> {
            svg.split(&format!(" {name}=\""))
                .skip(1)
                .filter_map(|rest| rest.split('"').next()?.parse().ok())
                .collect()
        };
        let height = number("height")[0];
        assert!(number("y").iter().all(|y| *y < height), "{height}");
        assert!(number("x").iter().all(|x| *x < WIDTH));
        assert_eq!(svg.matches("<path").count(), 2, "an arrow that points nowhere is drawn");
        assert_eq!(cut("가나다", 5), "가나…");
    }

    #[test]
    fn frames_stand_apart() {
        let column = [node("a", ""), node("b", "c1"), node("c", "c1"), node("d", "c2")];
        let places = places(&column);
        assert_eq!(places[1] - places[0], BOX_HEIGHT + GAP + FRAME_GAP);
        assert_eq!(places[2] - places[1], BOX_HEIGHT + GAP);
        assert_eq!(places[3] - places[2], BOX_HEIGHT + GAP + FRAME_GAP);
    }
}
