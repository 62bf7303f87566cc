//! What a file's frame and scan headers say. Source: ITU-T T.81, B.2.2 and B.2.3.

use std::ops::Range;

use crate::Rect;

/// How the coefficients are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// Each block at once: baseline, and what calls itself extended with 8 bits.
    Sequential,
    /// Each block in several scans.
    Progressive,
}

/// A component of the frame.
#[derive(Debug, Clone)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Sampling factors, 1 to 4.
    pub(super) h: u32,
    pub(super) v: u32,
    /// Which quantization table.
    pub(super) table: usize,
    /// Blocks that hold samples of the picture.
    pub(super) blocks_wide: u32,
    pub(super) blocks_high: u32,
}

/// What the frame header says.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) process: Process,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<Component>,
    /// Largest sampling factors.
    pub(super) h_max: u32,
    pub(super) v_max: u32,
    /// MCUs of a scan with every component.
    pub(super) mcus_wide: u32,
    pub(super) mcus_high: u32,
}

impl Frame {
    /// Pixels of an MCU of a scan with every component.
    pub(super) const fn mcu_size(&self) -> (u32, u32) {
        (8 * self.h_max, 8 * self.v_max)
    }

    /// What of a part is inside of the picture.
    pub(super) fn inside(&self, rect: Rect) -> Rect {
        Rect {
            width: rect.width.min(self.width.saturating_sub(rect.x)),
            height: rect.height.min(self.height.saturating_sub(rect.y)),
            ..rect
        }
    }
}

/// A component in a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScanComponent {
    /// Which of the frame's.
    pub(super) index: usize,
    /// Where its tables are in [`Header::tables`]; none where the scan needs none.
    pub(super) dc: Option<usize>,
    pub(super) ac: Option<usize>,
}

/// A scan.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    pub(super) components: Vec<ScanComponent>,
    /// First and last coefficient, in zigzag order.
    pub(super) first: u8,
    pub(super) last: u8,
    /// Successive approximation: the bit before and the bit of this scan.
    pub(super) high: u8,
    pub(super) low: u8,
    /// MCUs of a restart interval; 0 for none.
    pub(super) restart: u32,
    /// Where restart markers are.
    pub(super) restarts: Vec<usize>,
    /// Where the entropy-coded data is, with its restart markers.
    pub(super) entropy: Range<usize>,
}

impl Scan {
    /// MCUs of the scan, in a row and in a column. Source: T.81, A.2.
    pub(super) fn mcus(&self, frame: &Frame) -> (u32, u32) {
        match &self.components[..] {
            [only] => {
                let component = &frame.components[only.index];
                (component.blocks_wide, component.blocks_high)
            }
            _ => (frame.mcus_wide, frame.mcus_high),
        }
    }
}
