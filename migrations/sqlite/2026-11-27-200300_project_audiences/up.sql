-- How far a project, and what it says and passes on, goes: 0 this site, 1 the organisation, 2 everybody; none: as people's posts.
ALTER TABLE projects ADD COLUMN audience SMALLINT;
