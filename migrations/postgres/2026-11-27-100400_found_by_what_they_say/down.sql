DELETE FROM jobs WHERE kind = 'index_accounts';
