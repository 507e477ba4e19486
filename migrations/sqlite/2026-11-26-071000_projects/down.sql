DROP TABLE project_register;
DROP TABLE project_withdrawn;
DROP TABLE project_pairs;
DROP TABLE project_relations;
DROP TABLE project_members;
DROP TABLE projects;
