//! Rows by number, as the parts of the index refer to one another. A number nobody gave out reads as an empty row, so
//! that no mistake in the index can end the program.

use std::ops::{Index, IndexMut};

#[derive(Debug, Default)]
pub(super) struct Table<T> {
    rows: Vec<T>,
    none: T,
}

impl<T> Table<T> {
    pub fn push(&mut self, row: T) -> u32 {
        self.rows.push(row);
        u32::try_from(self.rows.len() - 1).unwrap_or(u32::MAX)
    }
    pub fn len(&self) -> usize {
        self.rows.len()
    }
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0u32..).zip(&self.rows)
    }
    pub fn ids(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }
}

impl<T> Index<u32> for Table<T> {
    type Output = T;
    fn index(&self, at: u32) -> &T {
        self.rows.get(at as usize).unwrap_or(&self.none)
    }
}

impl<T> IndexMut<u32> for Table<T> {
    fn index_mut(&mut self, at: u32) -> &mut T {
        self.rows.get_mut(at as usize).unwrap_or(&mut self.none)
    }
}
