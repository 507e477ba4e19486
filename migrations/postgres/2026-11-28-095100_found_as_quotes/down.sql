DELETE FROM jobs WHERE kind = 'index_posts';
