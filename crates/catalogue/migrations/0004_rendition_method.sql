-- How the mark came into each version: whether a JPEG kept its coefficients, and if not, why.
ALTER TABLE renditions ADD COLUMN method TEXT NOT NULL DEFAULT 'decoded and encoded';
