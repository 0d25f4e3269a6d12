//! XML into a tree, for settings of products: bounded, without external anything.
//!
//! It knows neither schemas nor name spaces (a prefix is cut off), fetches nothing and expands no
//! entity but the five of XML and character numbers: a document type is passed over. Pure.

use thiserror::Error;

/// Most elements of one document; the largest shipped configuration has some 3,000.
pub const ELEMENTS_MAX: usize = 50_000;
/// Deepest nesting.
pub const DEPTH_MAX: usize = 64;
/// Most attributes of one element.
pub const ATTRIBUTES_MAX: usize = 200;

/// One element: its name and attributes without prefixes, its own text, its children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// Text directly inside, trimmed; the pieces between children are joined with a space.
    pub text: String,
    pub children: Vec<Element>,
}

/// Why a text is no document.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum XmlError {
    #[error("a tag is not closed")]
    Unclosed,
    #[error("a tag closes what was not open")]
    Mismatched,
    #[error("a tag is malformed")]
    Tag,
    #[error("no element")]
    Empty,
    #[error("more than the limits allow")]
    Limit,
}

impl Element {
    /// An attribute by its name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Children of one name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of a name.
    #[must_use]
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a Self> {
        self.all(name).next()
    }
}

/// Reads a document into its root element.
///
/// # Errors
/// [`XmlError`]; nothing is given of a document that is not whole.
pub fn parse(text: &str) -> Result<Element, XmlError> {
    let mut reader = Reader { rest: text, open: Vec::new(), root: None, elements: 0 };
    // Each turn takes at least one byte.
    while !reader.rest.is_empty() {
        reader.step()?;
    }
    match (reader.open.is_empty(), reader.root) {
        (false, _) => Err(XmlError::Unclosed),
        (true, Some(root)) => Ok(root),
        (true, None) => Err(XmlError::Empty),
    }
}

struct Reader<'a> {
    rest: &'a str,
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl<'a> Reader<'a> {
    fn step(&mut self) -> Result<(), XmlError> {
        if let Some(after) = self.rest.strip_prefix("<!--") {
            self.rest = past(after, "-->")?;
        } else if let Some(after) = self.rest.strip_prefix("<![CDATA[") {
            let end = after.find("]]>").ok_or(XmlError::Unclosed)?;
            self.put(&after[..end]);
            self.rest = &after[end + 3..];
        } else if let Some(after) = self.rest.strip_prefix("<?") {
            self.rest = past(after, "?>")?;
        } else if let Some(after) = self.rest.strip_prefix("<!") {
            self.rest = past_declaration(after)?;
        } else if let Some(after) = self.rest.strip_prefix("</") {
            let end = after.find('>').ok_or(XmlError::Unclosed)?;
            self.rest = &after[end + 1..];
            self.close(plain(after[..end].trim()))?;
        } else if let Some(after) = self.rest.strip_prefix('<') {
            self.start(after)?;
        } else {
            let end = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(end);
            self.put(&unescaped(text));
            self.rest = rest;
        }
        Ok(())
    }

    /// `name a="1" b='2'/>`.
    fn start(&mut self, after: &'a str) -> Result<(), XmlError> {
        self.elements += 1;
        if self.elements > ELEMENTS_MAX || self.open.len() >= DEPTH_MAX {
            return Err(XmlError::Limit);
        }
        let (name, mut rest) = word(after);
        if name.is_empty() || self.open.is_empty() && self.root.is_some() {
            return Err(XmlError::Tag);
        }
        let mut element = Element { name: plain(name).to_owned(), ..Element::default() };
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix("/>") {
                self.rest = after;
                return self.finish(element);
            }
            if let Some(after) = rest.strip_prefix('>') {
                self.rest = after;
                self.open.push(element);
                return Ok(());
            }
            let (name, after) = word(rest);
            let after = after.trim_start().strip_prefix('=').ok_or(XmlError::Tag)?.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.ok_or(XmlError::Tag)?;
            let end = after[1..].find(quote).ok_or(XmlError::Unclosed)? + 1;
            if name.is_empty() || element.attributes.len() >= ATTRIBUTES_MAX {
                return Err(if name.is_empty() { XmlError::Tag } else { XmlError::Limit });
            }
            element.attributes.push((plain(name).to_owned(), unescaped(&after[1..end])));
            rest = &after[end + 1..];
        }
    }

    fn put(&mut self, text: &str) {
        let text = text.trim();
        if let (false, Some(open)) = (text.is_empty(), self.open.last_mut()) {
            if !open.text.is_empty() {
                open.text.push(' ');
            }
            open.text.push_str(text);
        }
    }

    fn close(&mut self, name: &str) -> Result<(), XmlError> {
        let element = self.open.pop().ok_or(XmlError::Mismatched)?;
        if element.name != name {
            return Err(XmlError::Mismatched);
        }
        self.finish(element)
    }

    fn finish(&mut self, element: Element) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if self.root.is_none() => self.root = Some(element),
            None => return Err(XmlError::Tag),
        }
        Ok(())
    }
}

fn past<'a>(text: &'a str, end: &str) -> Result<&'a str, XmlError> {
    let at = text.find(end).ok_or(XmlError::Unclosed)?;
    Ok(&text[at + end.len()..])
}

/// Past `DOCTYPE x [ … ]>`: brackets are counted, quotes are not looked at.
fn past_declaration(text: &str) -> Result<&str, XmlError> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '>' if depth == 0 => return Ok(&text[at + 1..]),
            _ => {}
        }
    }
    Err(XmlError::Unclosed)
}

/// Up to white space, `=`, `/` or `>`.
fn word(text: &str) -> (&str, &str) {
    let ends = |c: char| c.is_whitespace() || matches!(c, '=' | '/' | '>' | '<' | '"' | '\'');
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// A name without its prefix.
fn plain(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Character references resolved; what is none stays as it stands.
fn unescaped(text: &str) -> String {
    const REFERENCE_BYTES_MAX: usize = 12;
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|&end| end <= REFERENCE_BYTES_MAX);
        let found = end.and_then(|end| Some((character(&rest[1..end])?, end)));
        match found {
            Some((c, end)) => {
                plain.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            // Other control characters are none of XML 1.0.
            char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(element: &Element) -> String {
        let attributes: String =
            element.attributes.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        let children: Vec<String> = element.children.iter().map(shown).collect();
        format!("{}{attributes}[{}]{{{}}}", element.name, element.text, children.join(","))
    }

    fn check(text: &str, expected: Result<&str, XmlError>) {
        let read = parse(text).map(|root| shown(&root));
        assert_eq!(read, expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn documents() {
        check("<a/>", Ok("a[]{}"));
        check("<?xml version='1.0'?>\n<!-- x --><a b='1' c = \"2\">t</a>\n", Ok("a b=1 c=2[t]{}"));
        check("<x:a xmlns:x='u'><x:b/>t<!-- > -->u</x:a>", Ok("a x=u[t u]{b[]{}}"));
        check("<a v='&lt;&#65;&#x42;&quot;&nope;&'>&amp;</a>", Ok("a v=<AB\"&nope;&[&]{}"));
        check("<a><![CDATA[<b>&amp;]]></a>", Ok("a[<b>&amp;]{}"));
        check("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Ok("a[&b;]{}"));
        check("<a v='한글'/>", Ok("a v=한글[]{}"));
        check("\u{feff}<a>one <!-- two --> three</a>", Ok("a[one three]{}"));
        check("<!DOCTYPE a [<!ENTITY b \"c>\">]>\n<a/>", Ok("a[]{}"));
        check("<a>&#0;&#9;&#x1b;</a>", Ok("a[&#0;\t&#x1b;]{}"));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        check("", Err(XmlError::Empty));
        check("no tag", Err(XmlError::Empty));
        check("<a>", Err(XmlError::Unclosed));
        check("<a></b>", Err(XmlError::Mismatched));
        check("</a>", Err(XmlError::Mismatched));
        check("<a b>", Err(XmlError::Tag));
        check("<a b=1/>", Err(XmlError::Tag));
        check("<a b='1/>", Err(XmlError::Unclosed));
        check("<a/><b/>", Err(XmlError::Tag));
        check("<a><!-- </a>", Err(XmlError::Unclosed));
        check("<", Err(XmlError::Tag));
        check("< a/>", Err(XmlError::Tag));
        check("<a", Err(XmlError::Tag));
        check("<a>&</a", Err(XmlError::Unclosed));
        check("<!DOCTYPE", Err(XmlError::Unclosed));
        check("<a><![CDATA[", Err(XmlError::Unclosed));
        check(&"<a>".repeat(DEPTH_MAX + 1), Err(XmlError::Limit));
        let many = format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_MAX));
        check(&many, Err(XmlError::Limit));
    }

    #[test]
    fn attributes_and_children_are_found() {
        let root = parse("<a><b n='1'/><c/><b n='2'/></a>").unwrap();
        let names: Vec<_> = root.all("b").filter_map(|b| b.attribute("n")).collect();
        assert_eq!(names, ["1", "2"]);
        assert_eq!(root.first("b").and_then(|b| b.attribute("n")), Some("1"));
        assert_eq!(root.first("d"), None);
        assert_eq!(root.attribute("n"), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_ends(text in "(<|</|>|/>|a|b|=|'|\"|&|;|#|!|--|\\[|\\]|\\?| |한|.){0,60}") {
            let _ = parse(&text);
        }
    }
}
