//! Python pickles: which callables one would import, found by following its opcodes, not by
//! running them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use super::bytes::{broken, reading};
use crate::error::Result;

const FORMAT: &str = "pickle";
const MAX_TEXT: u64 = 1 << 20;
/// Opcodes that are followed.
const MAX_OPCODES: u64 = 50_000_000;
const MAX_CALLABLES: usize = 10_000;

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
        texts: Vec::new(),
        memo: HashMap::new(),
        memo_size: 0,
    };
    for _ in 0..MAX_OPCODES {
        if scan.opcode()? {
            return Ok(scan.pickle);
        }
    }
    Err(broken(FORMAT, "it has too many opcodes"))
}

struct Scan<R> {
    reader: R,
    pickle: Pickle,
    /// The texts pushed last; all that a module's and a callable's name can be.
    texts: Vec<Option<String>>,
    memo: HashMap<u64, String>,
    memo_size: u64,
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
        // Nothing that long is the name of a callable.
        if length > 1024 {
            self.skip(length)?;
            self.push(None);
            return Ok(());
        }
        let mut bytes = vec![0; length as usize];
        self.reader
            .read_exact(&mut bytes)
            .map_err(reading(FORMAT))?;
        self.push(Some(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(())
    }

    fn skip(&mut self, length: u64) -> Result<()> {
        let distance = i64::try_from(length)
            .map_err(|_| broken(FORMAT, "it holds bytes of impossible length"))?;
        self.reader
            .seek(SeekFrom::Current(distance))
            .map_err(reading(FORMAT))?;
        Ok(())
    }

    fn push(&mut self, text: Option<String>) {
        if self.texts.len() >= 2 {
            self.texts.remove(0);
        }
        self.texts.push(text);
    }

    fn memoize(&mut self, key: u64) {
        self.memo_size = self.memo_size.max(key + 1);
        if let Some(Some(text)) = self.texts.last()
            && self.memo.len() < 1_000_000
        {
            self.memo.insert(key, text.clone());
        }
    }

    fn found(&mut self, module: String, name: String) {
        let callable = Callable {
            is_dangerous: is_dangerous(&module, &name),
            module,
            name,
        };
        if self.pickle.callables.len() < MAX_CALLABLES && !self.pickle.callables.contains(&callable)
        {
            self.pickle.callables.push(callable);
        }
        // What it leaves on the stack is no text.
        self.push(None);
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
                self.found(module, name);
            }
            // STACK_GLOBAL
            0x93 => {
                let name = self.texts.pop().flatten().unwrap_or_else(|| "?".into());
                let module = self.texts.pop().flatten().unwrap_or_else(|| "?".into());
                self.found(module, name);
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
                self.push(Some(line.trim_matches(['\'', '"']).to_owned()));
            }
            // Bytes: SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8
            b'C' => {
                let [length] = self.bytes()?;
                self.skip(u64::from(length))?;
                self.push(None);
            }
            b'B' => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.skip(u64::from(length))?;
                self.push(None);
            }
            0x8e | 0x96 => {
                let length = u64::from_le_bytes(self.bytes()?);
                self.skip(length)?;
                self.push(None);
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
                let key = self
                    .line()?
                    .trim()
                    .parse()
                    .map_err(|_| broken(FORMAT, "a memo key is not a number"))?;
                self.memoize(key);
            }
            b'h' => {
                let [key] = self.bytes()?;
                self.push(self.memo.get(&u64::from(key)).cloned());
            }
            b'j' => {
                let key = u32::from_le_bytes(self.bytes()?);
                self.push(self.memo.get(&u64::from(key)).cloned());
            }
            b'g' => {
                let key: u64 = self
                    .line()?
                    .trim()
                    .parse()
                    .map_err(|_| broken(FORMAT, "a memo key is not a number"))?;
                self.push(self.memo.get(&key).cloned());
            }
            // Numbers with their bytes, and references to things outside
            b'K' | 0x82 => self.skip(1)?,
            b'M' | 0x83 => self.skip(2)?,
            b'J' | 0x84 => self.skip(4)?,
            b'G' | 0x95 => self.skip(8)?,
            0x8a => {
                let [length] = self.bytes()?;
                self.skip(u64::from(length))?;
            }
            0x8b => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.skip(u64::from(length))?;
            }
            b'I' | b'L' | b'F' | b'P' => {
                self.line()?;
            }
            // Without an argument.
            b'('
            | b'0'
            | b'1'
            | b'2'
            | b'N'
            | b'Q'
            | b'R'
            | b'a'
            | b'b'
            | b'd'
            | b'}'
            | b'e'
            | b'l'
            | b']'
            | b'o'
            | b's'
            | b't'
            | b')'
            | b'u'
            | 0x81
            | 0x85..=0x89
            | 0x8f..=0x92
            | 0x97
            | 0x98 => {}
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
