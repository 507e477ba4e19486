-- Who becomes a member of a project: 0 whoever asks, 1 whom its lead takes in, 2 whom its lead invited.
ALTER TABLE projects ADD COLUMN membership SMALLINT NOT NULL DEFAULT 1;

-- Who may join a project without being asked about, and by whom they were invited. Without `by_id` nobody invited them: they asked, and
-- were told that it takes an invitation.
CREATE TABLE project_invitations (
    project_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    by_id BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, account_id)
);
CREATE INDEX project_invitations_account ON project_invitations(account_id);
