//! A template without operators: literals and variables, and what is refused about them.
//!
//! Here the rules of matching are applied once, when a template is parsed; the matcher itself then
//! has nothing left to decide.

use super::super::percent::{Ascii, ILLEGAL, RESERVED};
use super::super::template::{Modifier, Operator, Part, TemplateError, TemplateErrorKind};

/// A template without operators.
pub(super) struct Lowered {
    pub(super) names: Vec<Box<str>>,
    pub(super) pieces: Vec<Piece>,
    pub(super) query: Option<Vec<(Box<str>, usize)>>,
}

pub(super) enum Piece {
    Literal { text: String, offset: usize },
    Simple { index: usize, offset: usize },
    Wide { index: usize, offset: usize, fragment: bool },
}

impl Piece {
    fn offset(&self) -> usize {
        match self {
            Self::Literal { offset, .. }
            | Self::Simple { offset, .. }
            | Self::Wide { offset, .. } => *offset,
        }
    }
}

impl Lowered {
    pub(super) fn of(parts: &[Part]) -> Result<Self, TemplateError> {
        let mut lowered = Self { names: Vec::new(), pieces: Vec::new(), query: None };
        for part in parts {
            match part {
                Part::Literal { text, offset } => lowered.literal(text, *offset)?,
                Part::Expression { operator, specs } => {
                    let mut lead = operator.first();
                    for spec in specs {
                        if spec.modifier != Modifier::None {
                            return Err(TemplateErrorKind::ModifierInMatch.at(spec.offset));
                        }
                        if lowered.names.contains(&spec.name) {
                            return Err(TemplateErrorKind::Repeated.at(spec.offset));
                        }
                        lowered.variable(*operator, lead, &spec.name, spec.offset)?;
                        lead = operator.separator();
                    }
                }
            }
        }
        Ok(lowered)
    }

    fn literal(&mut self, text: &str, offset: usize) -> Result<(), TemplateError> {
        if text.is_empty() {
            return Ok(());
        }
        if self.query.is_some() {
            return Err(TemplateErrorKind::Query.at(offset));
        }
        match self.pieces.last_mut() {
            Some(Piece::Literal { text: before, .. }) => before.push_str(text),
            _ => self.pieces.push(Piece::Literal { text: text.to_owned(), offset }),
        }
        Ok(())
    }

    fn variable(
        &mut self,
        operator: Operator,
        lead: &str,
        name: &str,
        offset: usize,
    ) -> Result<(), TemplateError> {
        let index = self.names.len();
        self.names.push(name.into());
        match operator {
            Operator::Query if self.query.is_none() || lead == "&" => {
                self.query.get_or_insert_default().push((name.into(), index));
                return Ok(());
            }
            Operator::Continuation if self.query.is_some() => {
                self.query.get_or_insert_default().push((name.into(), index));
                return Ok(());
            }
            Operator::Query | Operator::Continuation => {
                return Err(TemplateErrorKind::Query.at(offset));
            }
            Operator::Parameter => self.literal(&format!("{lead}{name}="), offset)?,
            _ => self.literal(lead, offset)?,
        }
        if self.query.is_some() {
            return Err(TemplateErrorKind::Query.at(offset));
        }
        self.pieces.push(if operator.keeps_reserved() {
            Piece::Wide { index, offset, fragment: operator == Operator::Fragment }
        } else {
            Piece::Simple { index, offset }
        });
        Ok(())
    }

    pub(super) fn refuse_ambiguous(&self) -> Result<(), TemplateError> {
        let mut wide_seen = false;
        // Whether a variable could still be running into the present place.
        let mut open = false;
        for piece in &self.pieces {
            match piece {
                Piece::Literal { text, offset } => {
                    if self.query.is_some() && text.contains(['?', '#']) {
                        return Err(TemplateErrorKind::Query.at(*offset));
                    }
                    open &= !text.bytes().any(|byte| RESERVED.has(byte));
                }
                Piece::Simple { .. } | Piece::Wide { .. } => {
                    let wide = matches!(piece, Piece::Wide { .. });
                    if wide && wide_seen {
                        return Err(TemplateErrorKind::SecondWide.at(piece.offset()));
                    }
                    if open {
                        return Err(TemplateErrorKind::Adjacent.at(piece.offset()));
                    }
                    wide_seen |= wide;
                    open = true;
                }
            }
        }
        Ok(())
    }

    /// What ends a simple value: what separates paths, and what this template separates with.
    pub(super) fn stops(&self) -> Ascii {
        let literals = self.pieces.iter().skip_while(|p| matches!(p, Piece::Literal { .. }));
        let bytes = literals.flat_map(|piece| match piece {
            Piece::Literal { text, .. } => text.bytes(),
            _ => "".bytes(),
        });
        bytes.filter(|byte| RESERVED.has(*byte)).fold(ILLEGAL.or(Ascii::of(b"/?#")), Ascii::with)
    }
}
