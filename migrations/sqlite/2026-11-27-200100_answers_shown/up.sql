-- Answers that go as far as the question does: what other nodes may be told.
ALTER TABLE questions ADD COLUMN answers_shown BIGINT NOT NULL DEFAULT 0;
UPDATE questions SET answers_shown = (
    SELECT count(*) FROM posts p JOIN posts asked ON asked.id = questions.post_id JOIN accounts a ON a.id = p.account_id
    WHERE p.conversation_id = questions.post_id AND p.in_reply_to_id IS NOT NULL AND p.account_id <> questions.account_id
    AND p.visibility <= 1 AND p.audience >= asked.audience AND a.kind = 0
);
UPDATE questions SET answers_shown = answers WHERE answers_shown > answers;
