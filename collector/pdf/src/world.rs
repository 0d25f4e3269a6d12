//! Typst's view of the world: a few files in memory and the embedded fonts.

use std::collections::HashMap;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::PdfError;
use crate::fonts::fonts;

/// Files in memory; nothing else can be read.
pub struct Memory {
    library: LazyHash<Library>,
    main: Source,
    files: HashMap<FileId, Bytes>,
}

impl Memory {
    /// A world with one template and the files that it reads.
    pub fn new(template: &str, files: Vec<(String, Vec<u8>)>) -> Result<Self, PdfError> {
        if fonts().list.is_empty() {
            return Err(PdfError::Fonts);
        }
        let files =
            files.into_iter().filter_map(|(name, bytes)| Some((id(&name)?, Bytes::new(bytes))));
        let main = id("main.typ").ok_or(PdfError::Compile("no main file".to_owned()))?;
        Ok(Self {
            library: LazyHash::new(Library::default()),
            main: Source::new(main, template.to_owned()),
            files: files.collect(),
        })
    }
}

fn id(name: &str) -> Option<FileId> {
    let path = VirtualPath::new(name).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for Memory {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &fonts().book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(missing(id)) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        fonts().list.get(index).cloned()
    }

    /// There is no clock: the same report on any day.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_without_slash().into())
}
