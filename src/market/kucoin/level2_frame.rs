//! The level-2 push in the spelling the venue uses, read in one pass: the only frames by the million.
//!
//! Compact JSON, known keys in any order, strings without escapes, levels of three strings. What
//! differs in anything is not refused but left to the general decoder, which every frame read here
//! must agree with: a test holds the two together.

/// A frame's parts, still text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Level2Frame<'a> {
    pub(super) symbol: &'a str,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) asks: Rows<'a>,
    pub(super) bids: Rows<'a>,
}

/// What is known of a frame while it is read; a key that comes twice is unusual.
#[derive(Default)]
struct Parts<'a> {
    topic: Option<&'a str>,
    first: Option<i64>,
    last: Option<i64>,
    asks: Option<Rows<'a>>,
    bids: Option<Rows<'a>>,
    seen: u16,
}

const PATH: &str = "/market/level2:";
/// Digits of a number that stays below the sequence numbers' bound.
const DIGITS_MAX: usize = 18;

/// Reads a frame; `None` where it is not one of these, or unusual.
pub(super) fn scan(frame: &str) -> Option<Level2Frame<'_>> {
    let (mut cursor, mut parts) = (Cursor { text: frame, at: 0 }, Parts::default());
    cursor.object(&mut parts, Parts::frame_field)?;
    if cursor.at != frame.len() {
        return None;
    }
    Some(Level2Frame {
        symbol: parts.topic?.strip_prefix(PATH)?,
        first: parts.first?,
        last: parts.last?,
        asks: parts.asks?,
        bids: parts.bids?,
    })
}

impl<'a> Parts<'a> {
    fn frame_field(&mut self, key: &str, cursor: &mut Cursor<'a>) -> Option<()> {
        match key {
            "data" => {
                self.once(0)?;
                cursor.object(self, Self::data_field)
            }
            "topic" => {
                self.once(1)?;
                self.topic = Some(cursor.string()?);
                Some(())
            }
            "subject" => {
                self.once(2)?;
                cursor.string().map(drop)
            }
            "type" => {
                self.once(3)?;
                cursor.string().map(drop)
            }
            _ => None,
        }
    }

    fn data_field(&mut self, key: &str, cursor: &mut Cursor<'a>) -> Option<()> {
        match key {
            "sequenceStart" => {
                self.once(4)?;
                self.first = Some(cursor.integer()?);
                Some(())
            }
            "sequenceEnd" => {
                self.once(5)?;
                self.last = Some(cursor.integer()?);
                Some(())
            }
            "changes" => {
                self.once(6)?;
                cursor.object(self, Self::changes_field)
            }
            "symbol" => {
                self.once(7)?;
                cursor.string().map(drop)
            }
            "time" => {
                self.once(8)?;
                cursor.integer().map(drop)
            }
            _ => None,
        }
    }

    fn changes_field(&mut self, key: &str, cursor: &mut Cursor<'a>) -> Option<()> {
        match key {
            "asks" => {
                self.once(9)?;
                self.asks = Some(cursor.rows()?);
            }
            "bids" => {
                self.once(10)?;
                self.bids = Some(cursor.rows()?);
            }
            _ => return None,
        }
        Some(())
    }

    fn once(&mut self, bit: u32) -> Option<()> {
        let mask = 1 << bit;
        let fresh = self.seen & mask == 0;
        self.seen |= mask;
        fresh.then_some(())
    }
}

/// A place in a frame.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// An object whose fields `field` takes.
    #[inline]
    fn object<P>(
        &mut self,
        parts: &mut P,
        field: impl Fn(&mut P, &str, &mut Self) -> Option<()>,
    ) -> Option<()> {
        self.eat(b'{')?;
        loop {
            let key = self.string()?;
            self.eat(b':')?;
            field(parts, key, self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.eat(b'}')
    }

    /// A string without escapes.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' | 0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        let string = self.text.get(start..self.at);
        self.at += 1;
        string
    }

    /// An integer as JSON writes it.
    #[inline]
    fn integer(&mut self) -> Option<i64> {
        let start = self.at;
        let mut value = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if self.at - start == DIGITS_MAX {
                return None;
            }
            value = value * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        let leading_zero = self.text.as_bytes().get(start) == Some(&b'0');
        let digits = self.at - start;
        (digits > 0 && !(leading_zero && digits > 1)).then_some(value)
    }

    /// An array of levels; what is in it is looked at when it is walked.
    fn rows(&mut self) -> Option<Rows<'a>> {
        self.eat(b'[')?;
        let start = self.at;
        if self.peek()? == b'[' {
            let inside = self.text.as_bytes().get(start..)?;
            let length = inside.windows(2).position(|pair| pair == b"]]")?;
            self.at += length + 1;
        }
        let rows = Rows { text: self.text.get(start..self.at)?, at: 0 };
        self.eat(b']')?;
        Some(rows)
    }
}

/// The inside of an array of levels: `["price","size","sequence"]` with commas between; it is empty
/// or ends with a bracket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rows<'a> {
    text: &'a str,
    at: usize,
}

/// What comes next in an array of levels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Row<'a> {
    /// Price, size and sequence of a level.
    Level([&'a str; 3]),
    /// Nothing.
    End,
    /// Something else: the whole frame is the general decoder's.
    Unusual,
}

impl<'a> Rows<'a> {
    pub(super) fn next(&mut self) -> Row<'a> {
        if self.at == self.text.len() {
            return Row::End;
        }
        match self.level() {
            Some(level) => Row::Level(level),
            None => Row::Unusual,
        }
    }

    fn level(&mut self) -> Option<[&'a str; 3]> {
        let mut cursor = Cursor { text: self.text, at: self.at };
        cursor.eat(b'[')?;
        let price = cursor.string()?;
        cursor.eat(b',')?;
        let size = cursor.string()?;
        cursor.eat(b',')?;
        let sequence = cursor.string()?;
        cursor.eat(b']')?;
        if cursor.peek().is_some() {
            cursor.eat(b',')?;
        }
        self.at = cursor.at;
        Some([price, size, sequence])
    }
}
