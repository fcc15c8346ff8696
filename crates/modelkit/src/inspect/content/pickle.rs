//! Python pickles: which callables one would import, found by following its opcodes, not by
//! running them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Seek};
use std::rc::Rc;

use super::bytes::{broken, reading};
use crate::error::Result;

const FORMAT: &str = "pickle";
const MAX_TEXT: u64 = 1 << 20;
/// Opcodes that are followed.
const MAX_OPCODES: u64 = 50_000_000;
const MAX_CALLABLES: usize = 10_000;
const MAX_STACK: usize = 4_000_000;
/// Bytes of texts kept while following; later ones count as unknown, which is reported.
const MAX_KEPT_TEXT: usize = 64 << 20;

/// What a pickle would import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pickle {
    pub protocol: u8,
    /// Each callable once, in the order of first use.
    pub callables: Vec<Callable>,
}

/// Something a pickle imports, and usually calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callable {
    /// `?` where the pickle computes it.
    pub module: String,
    pub name: String,
    /// Whether it can run programs or code, or reach files or the network.
    pub is_dangerous: bool,
}

impl Pickle {
    /// Whether loading it could do more than build objects.
    pub fn is_dangerous(&self) -> bool {
        self.callables.iter().any(|callable| callable.is_dangerous)
    }
}

/// Follows the opcodes of the first pickle.
pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Pickle> {
    let mut scan = Scan {
        reader: BufReader::with_capacity(64 << 10, reader),
        pickle: Pickle::default(),
        stack: Vec::new(),
        memo: HashMap::new(),
        memo_size: 0,
        text_left: MAX_KEPT_TEXT,
    };
    for _ in 0..MAX_OPCODES {
        if scan.opcode()? {
            return Ok(scan.pickle);
        }
    }
    Err(broken(FORMAT, "it has too many opcodes"))
}

/// Something on the stack, as far as names of callables go.
#[derive(Clone)]
enum Item {
    Mark,
    Text(Rc<str>),
    Other,
}

struct Scan<R> {
    reader: R,
    pickle: Pickle,
    stack: Vec<Item>,
    memo: HashMap<u64, Rc<str>>,
    memo_size: u64,
    /// Bytes of the texts that are still kept.
    text_left: usize,
}

impl<R: BufRead + Seek> Scan<R> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader
            .read_exact(&mut bytes)
            .map_err(reading(FORMAT))?;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.reader
            .by_ref()
            .take(MAX_TEXT)
            .read_until(b'\n', &mut line)
            .map_err(reading(FORMAT))?;
        if line.pop() != Some(b'\n') {
            return Err(broken(FORMAT, "a line in it does not end"));
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    fn text(&mut self, length: u64) -> Result<()> {
        if length > 1024 {
            self.skip(length)?;
            return self.push(Item::Other);
        }
        let mut bytes = vec![0; length as usize];
        self.reader
            .read_exact(&mut bytes)
            .map_err(reading(FORMAT))?;
        self.push_text(&String::from_utf8_lossy(&bytes))
    }

    fn skip(&mut self, length: u64) -> Result<()> {
        let distance = i64::try_from(length)
            .map_err(|_| broken(FORMAT, "it holds bytes of impossible length"))?;
        self.reader
            .seek_relative(distance)
            .map_err(reading(FORMAT))?;
        Ok(())
    }

    /// A value of `length` bytes that is no text.
    fn value(&mut self, length: u64) -> Result<()> {
        self.skip(length)?;
        self.push(Item::Other)
    }

    fn key(&mut self) -> Result<u64> {
        self.line()?
            .trim()
            .parse()
            .map_err(|_| broken(FORMAT, "a memo key is not a number"))
    }

    fn push(&mut self, item: Item) -> Result<()> {
        if self.stack.len() >= MAX_STACK {
            return Err(broken(FORMAT, "its stack grows too large"));
        }
        self.stack.push(item);
        Ok(())
    }

    fn push_text(&mut self, text: &str) -> Result<()> {
        // Nothing longer is the name of a callable.
        let kept = text.len() <= 1024 && text.len() <= self.text_left;
        self.text_left -= if kept { text.len() } else { 0 };
        self.push(if kept {
            Item::Text(text.into())
        } else {
            Item::Other
        })
    }

    fn pop(&mut self, count: usize) {
        self.stack.truncate(self.stack.len().saturating_sub(count));
    }

    fn pop_to_mark(&mut self) {
        while let Some(item) = self.stack.pop() {
            if matches!(item, Item::Mark) {
                break;
            }
        }
    }

    /// Replaces the top `count` items by one that is no text.
    fn reduce(&mut self, count: usize) -> Result<()> {
        self.pop(count);
        self.push(Item::Other)
    }

    fn pop_text(&mut self) -> String {
        match self.stack.pop() {
            Some(Item::Text(text)) => text.to_string(),
            _ => "?".into(),
        }
    }

    fn memoize(&mut self, key: u64) {
        self.memo_size = self.memo_size.max(key.saturating_add(1));
        match self.stack.last() {
            Some(Item::Text(text)) if self.memo.len() < MAX_STACK => {
                self.memo.insert(key, text.clone());
            }
            _ => {
                self.memo.remove(&key);
            }
        }
    }

    fn recall(&mut self, key: u64) -> Result<()> {
        let item = self
            .memo
            .get(&key)
            .map_or(Item::Other, |text| Item::Text(text.clone()));
        self.push(item)
    }

    fn found(&mut self, module: String, name: String) -> Result<()> {
        let callable = Callable {
            is_dangerous: is_dangerous(&module, &name),
            module,
            name,
        };
        if self.pickle.callables.len() < MAX_CALLABLES && !self.pickle.callables.contains(&callable)
        {
            self.pickle.callables.push(callable);
        }
        self.push(Item::Other)
    }

    /// Follows one opcode; whether it was the end.
    fn opcode(&mut self) -> Result<bool> {
        let [opcode] = self.bytes()?;
        match opcode {
            b'.' => return Ok(true),
            // PROTO
            0x80 => [self.pickle.protocol] = self.bytes()?,
            // GLOBAL, INST
            b'c' | b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                if opcode == b'i' {
                    self.pop_to_mark();
                }
                self.found(module, name)?;
            }
            // STACK_GLOBAL
            0x93 => {
                let name = self.pop_text();
                let module = self.pop_text();
                self.found(module, name)?;
            }
            // Texts: SHORT_BINUNICODE, BINUNICODE, BINUNICODE8, SHORT_BINSTRING, BINSTRING, lines
            0x8c | b'U' => {
                let [length] = self.bytes()?;
                self.text(u64::from(length))?;
            }
            b'X' | b'T' => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.text(u64::from(length))?;
            }
            0x8d => {
                let length = u64::from_le_bytes(self.bytes()?);
                self.text(length)?;
            }
            b'V' | b'S' => {
                let line = self.line()?;
                self.push_text(line.trim_matches(['\'', '"']))?;
            }
            // Bytes: SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8
            b'C' => {
                let [length] = self.bytes()?;
                self.value(u64::from(length))?;
            }
            b'B' => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.value(u64::from(length))?;
            }
            0x8e | 0x96 => {
                let length = u64::from_le_bytes(self.bytes()?);
                self.value(length)?;
            }
            // Memo: MEMOIZE, BINPUT, LONG_BINPUT, PUT, BINGET, LONG_BINGET, GET
            0x94 => self.memoize(self.memo_size),
            b'q' => {
                let [key] = self.bytes()?;
                self.memoize(u64::from(key));
            }
            b'r' => {
                let key = u32::from_le_bytes(self.bytes()?);
                self.memoize(u64::from(key));
            }
            b'p' => {
                let key = self.key()?;
                self.memoize(key);
            }
            b'h' => {
                let [key] = self.bytes()?;
                self.recall(u64::from(key))?;
            }
            b'j' => {
                let key = u32::from_le_bytes(self.bytes()?);
                self.recall(u64::from(key))?;
            }
            b'g' => {
                let key = self.key()?;
                self.recall(key)?;
            }
            // Numbers, and references to things outside
            b'K' | 0x82 => self.value(1)?,
            b'M' | 0x83 => self.value(2)?,
            b'J' | 0x84 => self.value(4)?,
            b'G' => self.value(8)?,
            0x8a => {
                let [length] = self.bytes()?;
                self.value(u64::from(length))?;
            }
            0x8b => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.value(u64::from(length))?;
            }
            b'I' | b'L' | b'F' | b'P' => {
                self.line()?;
                self.push(Item::Other)?;
            }
            // FRAME
            0x95 => self.skip(8)?,
            b'(' => self.push(Item::Mark)?,
            // None, True, False, empty list, dictionary, tuple, set, NEXT_BUFFER
            b'N' | 0x88 | 0x89 | b']' | b'}' | b')' | 0x8f | 0x97 => self.push(Item::Other)?,
            // LIST, TUPLE, DICT, FROZENSET, OBJ: everything since the mark becomes one
            b'l' | b't' | b'd' | 0x91 | b'o' => {
                self.pop_to_mark();
                self.push(Item::Other)?;
            }
            // APPENDS, SETITEMS, ADDITEMS, POP_MARK
            b'e' | b'u' | 0x90 | b'1' => self.pop_to_mark(),
            // APPEND, BUILD, POP
            b'a' | b'b' | b'0' => self.pop(1),
            // SETITEM
            b's' => self.pop(2),
            // TUPLE1, BINPERSID
            0x85 | b'Q' => self.reduce(1)?,
            // TUPLE2, REDUCE, NEWOBJ
            0x86 | b'R' | 0x81 => self.reduce(2)?,
            // TUPLE3, NEWOBJ_EX
            0x87 | 0x92 => self.reduce(3)?,
            b'2' => {
                let top = self.stack.last().cloned().unwrap_or(Item::Other);
                self.push(top)?;
            }
            // READONLY_BUFFER
            0x98 => {}
            other => {
                return Err(broken(
                    FORMAT,
                    format!("it holds the unknown opcode 0x{other:02x}"),
                ));
            }
        }
        Ok(false)
    }
}

/// Modules whose callables reach beyond building objects.
fn is_dangerous(module: &str, name: &str) -> bool {
    const MODULES: [&str; 24] = [
        "os",
        "posix",
        "nt",
        "subprocess",
        "sys",
        "shutil",
        "socket",
        "ssl",
        "http",
        "urllib",
        "requests",
        "runpy",
        "importlib",
        "pty",
        "commands",
        "ctypes",
        "multiprocessing",
        "webbrowser",
        "code",
        "timeit",
        "pickle",
        "_pickle",
        "marshal",
        "asyncio",
    ];
    const BUILTINS: [&str; 10] = [
        "eval",
        "exec",
        "compile",
        "open",
        "getattr",
        "setattr",
        "__import__",
        "apply",
        "execfile",
        "input",
    ];
    let root = module.split('.').next().unwrap_or_default();
    let builtin = matches!(module, "builtins" | "__builtin__")
        && BUILTINS.contains(&name.split('.').next().unwrap_or_default());
    module == "?" || name == "?" || builtin || MODULES.contains(&root)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn callables(bytes: &[u8]) -> Vec<(String, bool)> {
        let pickle = read(&mut Cursor::new(bytes)).unwrap();
        pickle
            .callables
            .into_iter()
            .map(|c| (format!("{}.{}", c.module, c.name), c.is_dangerous))
            .collect()
    }

    #[test]
    fn imports_of_every_protocol_are_found() {
        assert_eq!(
            callables(b"cos\nsystem\n(S'ls'\ntR."),
            [("os.system".to_owned(), true)]
        );
        // Protocol 4: names as texts, the second time from the memo.
        let four =
            b"\x80\x04\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94h\x00h\x01\x93.";
        assert_eq!(
            callables(four),
            [("collections.OrderedDict".to_owned(), false)]
        );
        assert_eq!(
            callables(b"\x80\x04K\x01K\x02\x93."),
            [("?.?".to_owned(), true)]
        );
        assert_eq!(
            callables(b"cbuiltins\neval\n."),
            [("builtins.eval".to_owned(), true)]
        );
        assert_eq!(callables(b"\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s."), []);
    }

    #[test]
    fn broken_pickles_are_refused() {
        for bytes in [&b""[..], b"\x80\x04", b"\xff", b"cos\nsystem", b"X\xff\xff"] {
            assert!(read(&mut Cursor::new(bytes)).is_err());
        }
    }
}
