//! A window as text, for who keeps it elsewhere: `opened asked newest`, then `number:last:count` of each slot in use.

use super::{SLOTS, Slot, Window};
use std::fmt::Write as _;

impl Window {
    /// The window as text.
    pub fn written(&self) -> String {
        let mut text = format!("{} {} {}", self.opened, self.asked, self.newest);
        for (number, slot) in self.slots.iter().enumerate().filter(|(_, slot)| slot.count > 0) {
            // Writing into a string cannot fail.
            let _ = write!(text, " {number}:{}:{}", slot.last, slot.count);
        }
        text
    }

    /// The window that was written so; an empty text is an empty one, and anything else is none.
    pub fn read(text: &str) -> Option<Self> {
        let mut window = Self::default();
        if text.is_empty() {
            return Some(window);
        }
        let mut words = text.split(' ');
        let mut number = || words.next()?.parse::<u32>().ok();
        (window.opened, window.asked, window.newest) = (number()?, number()?, number()?);
        for word in words {
            let mut parts = word.split(':');
            let slot = window.slots.get_mut(parts.next()?.parse::<usize>().ok()?)?;
            let (last, count) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            *slot = Slot { last, count };
            if parts.next().is_some() {
                return None;
            }
        }
        ((window.newest as usize) < SLOTS).then_some(window)
    }
}
