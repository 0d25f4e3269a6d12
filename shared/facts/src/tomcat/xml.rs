//! The XML that Tomcat's files are made of: elements, attributes, text. Comments, declarations
//! and processing instructions are passed over; no entity is expanded but the five of XML and
//! numbers, no file is ever opened.

use carepack_shared::Unseen;

/// Elements inside of elements; Tomcat's own files have seven.
const DEPTH_MAX: usize = 40;
/// A `web.xml` with every file type has five thousand.
const ELEMENTS_MAX: usize = 40_000;
const ATTRIBUTES_MAX: usize = 200;
/// Longest name, value and text kept, in bytes.
const VALUE_BYTES_MAX: usize = 8 * 1024;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Without a name-space prefix.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// Its own text, joined and trimmed.
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The children of a name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn first<'e>(&'e self, name: &'e str) -> Option<&'e Element> {
        self.all(name).next()
    }
}

/// The root element.
pub fn parse(text: &str) -> Result<Element, Unseen> {
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0;
    while let Some(at) = rest.find('<') {
        if let Some(element) = open.last_mut() {
            add_text(element, &rest[..at]);
        }
        rest = &rest[at..];
        if let Some(left) = passed_over(rest)? {
            rest = left;
            continue;
        }
        if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let (data, left) = inside.split_once("]]>").ok_or(Unseen::Malformed)?;
            if let Some(element) = open.last_mut() {
                keep(&mut element.text, data);
            }
            rest = left;
            continue;
        }
        let (tag, left) = tag(rest)?;
        rest = left;
        match tag {
            Tag::Close(name) => {
                let done = open.pop().filter(|element| element.name == local(name));
                let done = done.ok_or(Unseen::Malformed)?;
                add(&mut open, &mut root, done)?;
            }
            Tag::Open(element, whole) => {
                count += 1;
                if open.len() >= DEPTH_MAX || count > ELEMENTS_MAX {
                    return Err(Unseen::Malformed);
                }
                if whole {
                    add(&mut open, &mut root, element)?;
                } else {
                    open.push(element);
                }
            }
        }
    }
    root.filter(|_| open.is_empty()).ok_or(Unseen::Malformed)
}

fn add(open: &mut [Element], root: &mut Option<Element>, mut done: Element) -> Result<(), Unseen> {
    done.text = done.text.trim().to_owned();
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_none() => *root = Some(done),
        None => return Err(Unseen::Malformed),
    }
    Ok(())
}

fn add_text(element: &mut Element, text: &str) {
    if !text.trim().is_empty() {
        keep(&mut element.text, &plain(text));
    }
}

fn keep(to: &mut String, text: &str) {
    let room = VALUE_BYTES_MAX.saturating_sub(to.len());
    to.push_str(&text[..text.floor_char_boundary(room)]);
}

/// What stands behind a comment, a declaration or an instruction; none for anything else.
fn passed_over(rest: &str) -> Result<Option<&str>, Unseen> {
    let behind = |text: &'_ str, end: &str| -> Result<usize, Unseen> {
        text.find(end).map(|at| at + end.len()).ok_or(Unseen::Malformed)
    };
    let skip = if let Some(inside) = rest.strip_prefix("<!--") {
        4 + behind(inside, "-->")?
    } else if rest.starts_with("<?") {
        behind(rest, "?>")?
    } else if rest.starts_with("<!DOCTYPE") {
        doctype(rest)?
    } else {
        return Ok(None);
    };
    Ok(Some(&rest[skip..]))
}

/// The length of a declaration, with the part in brackets that may hold entities.
fn doctype(rest: &str) -> Result<usize, Unseen> {
    let mut quote = None;
    let mut inside = 0_u32;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') => inside += 1,
            (None, b']') => inside = inside.saturating_sub(1),
            (None, b'>') if inside == 0 => return Ok(at + 1),
            (Some(_) | None, _) => {}
        }
    }
    Err(Unseen::Malformed)
}

enum Tag<'a> {
    Close(&'a str),
    /// An element, and whether it ends at once.
    Open(Element, bool),
}

fn local(name: &str) -> &str {
    name.trim().rsplit(':').next().unwrap_or_default()
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

fn tag(rest: &str) -> Result<(Tag<'_>, &str), Unseen> {
    let inside = &rest[1..];
    if let Some(inside) = inside.strip_prefix('/') {
        let (name, left) = inside.split_once('>').ok_or(Unseen::Malformed)?;
        return Ok((Tag::Close(name), left));
    }
    let end = inside.find(|c: char| !is_name(c)).ok_or(Unseen::Malformed)?;
    if end == 0 {
        return Err(Unseen::Malformed);
    }
    let mut element = Element { name: local(&inside[..end]).to_owned(), ..Element::default() };
    let mut left = &inside[end..];
    loop {
        left = left.trim_start();
        if let Some(behind) = left.strip_prefix("/>") {
            return Ok((Tag::Open(element, true), behind));
        }
        if let Some(behind) = left.strip_prefix('>') {
            return Ok((Tag::Open(element, false), behind));
        }
        let (name, value, behind) = attribute(left)?;
        if element.attributes.len() >= ATTRIBUTES_MAX {
            return Err(Unseen::Malformed);
        }
        element.attributes.push((name, value));
        left = behind;
    }
}

fn attribute(text: &str) -> Result<(String, String, &str), Unseen> {
    let (name, rest) = text.split_once('=').ok_or(Unseen::Malformed)?;
    let name = name.trim();
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(Unseen::Malformed);
    }
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let quote = quote.ok_or(Unseen::Malformed)?;
    let (value, left) = rest[1..].split_once(quote).ok_or(Unseen::Malformed)?;
    let mut kept = String::new();
    keep(&mut kept, &plain(value));
    Ok((name.to_owned(), kept, left))
}

/// Text with the five entities of XML and numbers put in; others stay as they are written.
fn plain(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        done.push_str(before);
        let entity = after.split_once(';').filter(|(name, _)| name.len() <= 8);
        let Some((c, left)) = entity.and_then(|(name, left)| Some((character(name)?, left))) else {
            done.push('&');
            rest = after;
            continue;
        };
        done.push(c);
        rest = left;
    }
    done.push_str(rest);
    done
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_attributes_and_text() {
        let text = "\u{feff}<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x \"y>\">]>\n<!-- <b/> -->\
            <n:a p='1' q=\"&lt;&#65;&x;\"><b>one <!-- two --> three</b><c/><![CDATA[<d>]]></n:a>";
        let root = parse(text).unwrap();
        assert_eq!((root.name.as_str(), root.text.as_str()), ("a", "<d>"));
        assert_eq!((root.attribute("p"), root.attribute("q")), (Some("1"), Some("<A&x;")));
        assert_eq!(root.first("b").unwrap().text, "one  three");
        assert_eq!(root.children.len(), 2);
    }

    #[test]
    fn what_is_no_xml_is_malformed() {
        let deep = "<a>".repeat(100_000);
        let wide = format!("<a>{}</a>", "<b/>".repeat(100_000));
        for text in [
            "",
            "x",
            "<",
            "<a",
            "<a>",
            "<a></b>",
            "<a b></a>",
            "<a b=c/>",
            "<!--",
            "<a/><b/>",
            "<!DOCTYPE",
            "<a b='",
            "<a>&</a",
            "< a/>",
            "<a><![CDATA[",
            &deep,
            &wide,
        ] {
            assert_eq!(parse(text), Err(Unseen::Malformed), "{}", &text[..text.len().min(20)]);
        }
    }
}
