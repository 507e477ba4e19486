-- The group a notification belongs to: the number of a stretch of twelve hours, and what is one thing within it.
UPDATE notifications SET group_key = (created_at / 43200000) || case kind
    when 2 then '-reblog-' || post_id
    when 3 then '-follow'
    when 5 then '-favourite-' || post_id
    else '-admin-sign-up'
end
WHERE kind in (3, 8) or (kind in (2, 5) and post_id is not null);
CREATE INDEX notifications_groups ON notifications(account_id, group_key, id, from_account_id, held) where group_key is not null;
CREATE INDEX notifications_single ON notifications(account_id, id) where group_key is null;
