-- The colours of a picture, or of the preview of a film or sound: background, foreground and accent, as `#0a0b0c,#...,#...`.
ALTER TABLE media ADD COLUMN colours TEXT;
