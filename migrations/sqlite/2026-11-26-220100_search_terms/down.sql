DELETE FROM jobs WHERE kind IN ('index_posts', 'index_accounts');
