//! The 64 bits that travel through the kernel with each op: what kind it is and whose.
//!
//! `kind (8) | generation (24) | index (32)`. The generation makes a late completion recognisable:
//! the kernel gives a freed index to the next connection at once. No pointer ever travels, so a
//! wrong completion can be dropped but never dereferenced.

use crate::slot::Slot;

/// What an op was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A standing accept; the index is the listener's place.
    Accept,
    /// A receive, standing or single.
    Receive,
    /// A send.
    Send,
    /// Waiting until a descriptor that refused to wait has bytes.
    ReceiveReady,
    /// Waiting until a descriptor that refused to wait takes bytes.
    SendReady,
    /// A request to cancel one of the above; its answer says nothing the target's does not.
    Cancel,
    /// Giving up a direct descriptor.
    Close,
    /// The waker's eventfd.
    Wake,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Accept,
        Self::Receive,
        Self::Send,
        Self::ReceiveReady,
        Self::SendReady,
        Self::Cancel,
        Self::Close,
        Self::Wake,
    ];
}

/// An op's name on its way through the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What the op was.
    pub(super) kind: Kind,
    /// Whose it was; of a listener only the index counts.
    pub(super) slot: Slot,
}

impl Token {
    /// Names an op of a connection.
    pub(super) const fn new(kind: Kind, slot: Slot) -> Self {
        Self { kind, slot }
    }

    /// Names an op of the driver itself, or of the listener at `index`.
    pub(super) const fn own(kind: Kind, index: u32) -> Self {
        Self { kind, slot: Slot::new(index, 0) }
    }

    /// The form the kernel carries.
    pub(super) const fn pack(self) -> u64 {
        (self.kind as u64) << 56 | (self.slot.generation as u64) << 32 | self.slot.index as u64
    }

    /// Reads the kernel's form; none for a kind that no op has.
    pub(super) fn unpack(word: u64) -> Option<Self> {
        let kind = *Kind::ALL.get((word >> 56) as usize)?;
        Some(Self { kind, slot: Slot::new(word as u32, (word >> 32) as u32 & 0xff_ffff) })
    }
}

const _: () = assert!(Slot::GENERATION_BITS == 24, "the token has 24 bits for it");

#[cfg(test)]
mod tests {
    use super::{Kind, Token};
    use crate::slot::Slot;

    #[test]
    fn every_token_survives_the_kernel() {
        for kind in Kind::ALL {
            for (index, generation) in
                [(0, 0), (1, 2), (u32::MAX, 0xff_ffff), (7, 0x80_0000), (0x8000_0000, 1)]
            {
                let token = Token::new(kind, Slot::new(index, generation));
                assert_eq!(Token::unpack(token.pack()), Some(token));
            }
        }
        assert_eq!(Token::unpack(u64::MAX), None);
    }
}
