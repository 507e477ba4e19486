//! The one schema of both dialects, in the column order of the migrations (a test compares it with a fresh database of each).

diesel::table! {
    accounts (id) {
        id -> BigInt,
        handle -> Text,
        username -> Text,
        domain -> Nullable<Text>,
        uri -> Text,
        url -> Nullable<Text>,
        kind -> SmallInt,
        display_name -> Text,
        note -> Text,
        note_source -> Nullable<Text>,
        fields -> Text,
        emojis -> Text,
        avatar -> Nullable<Text>,
        avatar_remote_url -> Nullable<Text>,
        avatar_description -> Text,
        header -> Nullable<Text>,
        header_remote_url -> Nullable<Text>,
        header_description -> Text,
        locked -> Bool,
        discoverable -> Bool,
        indexable -> Bool,
        hide_collections -> Bool,
        memorial -> Bool,
        inbox_url -> Nullable<Text>,
        shared_inbox_url -> Nullable<Text>,
        outbox_url -> Nullable<Text>,
        followers_url -> Nullable<Text>,
        following_url -> Nullable<Text>,
        featured_url -> Nullable<Text>,
        public_key_id -> Nullable<Text>,
        public_key -> Nullable<Binary>,
        ed25519_key_id -> Nullable<Text>,
        ed25519_key -> Nullable<Binary>,
        also_known_as -> Text,
        moved_to_id -> Nullable<BigInt>,
        move_processed_at -> Nullable<BigInt>,
        posts_count -> BigInt,
        followers_count -> BigInt,
        following_count -> BigInt,
        last_post_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        fetched_at -> Nullable<BigInt>,
        suspended_at -> Nullable<BigInt>,
        suspended_by_origin -> Bool,
        silenced_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
        attribution_domains -> Text,
        left_on -> Nullable<BigInt>,
        open_posts_count -> BigInt,
        sensitized_at -> Nullable<BigInt>,
        show_media -> Bool,
        show_media_replies -> Bool,
        show_featured -> Bool,
    }
}

diesel::table! {
    users (account_id) {
        account_id -> BigInt,
        email -> Nullable<Text>,
        email_normal -> Nullable<Text>,
        password_hash -> Nullable<Text>,
        role -> SmallInt,
        locale -> Nullable<Text>,
        approved_at -> Nullable<BigInt>,
        confirmed_at -> Nullable<BigInt>,
        disabled_at -> Nullable<BigInt>,
        invite_id -> Nullable<BigInt>,
        sign_up_reason -> Nullable<Text>,
        default_visibility -> SmallInt,
        default_sensitive -> Bool,
        default_language -> Nullable<Text>,
        default_quote_policy -> SmallInt,
        last_active_at -> Nullable<BigInt>,
        password_changed_at -> Nullable<BigInt>,
        created_at -> BigInt,
        default_audience -> Nullable<SmallInt>,
    }
}

diesel::table! {
    actor_keys (account_id) {
        account_id -> BigInt,
        rsa_sealed -> Binary,
        ed25519_sealed -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    retired_usernames (username) {
        username -> Text,
        retired_at -> BigInt,
    }
}

diesel::table! {
    node_settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        token_hash -> Binary,
        account_id -> BigInt,
        csrf -> Text,
        user_agent -> Nullable<Text>,
        address -> Nullable<Text>,
        created_at -> BigInt,
        last_seen_at -> BigInt,
    }
}

diesel::table! {
    invites (id) {
        id -> BigInt,
        code -> Text,
        created_by -> Nullable<BigInt>,
        role -> SmallInt,
        max_uses -> Nullable<BigInt>,
        uses -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    apps (id) {
        id -> BigInt,
        client_id -> Text,
        client_secret_hash -> Binary,
        name -> Text,
        website -> Nullable<Text>,
        redirect_uris -> Text,
        scopes -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    oauth_codes (code_hash) {
        code_hash -> Binary,
        app_id -> BigInt,
        account_id -> BigInt,
        redirect_uri -> Text,
        scopes -> Text,
        challenge -> Nullable<Text>,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    tokens (id) {
        id -> BigInt,
        token_hash -> Binary,
        app_id -> BigInt,
        account_id -> Nullable<BigInt>,
        scopes -> Text,
        code_hash -> Nullable<Binary>,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    announcements (id) {
        id -> BigInt,
        text -> Text,
        starts_at -> Nullable<BigInt>,
        ends_at -> Nullable<BigInt>,
        all_day -> Bool,
        published_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    push_subscriptions (id) {
        id -> BigInt,
        token_id -> BigInt,
        account_id -> BigInt,
        endpoint -> Text,
        p256dh -> Binary,
        auth -> Binary,
        standard -> Bool,
        alerts -> BigInt,
        policy -> SmallInt,
        token_sealed -> Binary,
        parked_until -> Nullable<BigInt>,
        failures -> BigInt,
        hour -> BigInt,
        sent -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    posts (id) {
        id -> BigInt,
        uri -> Text,
        url -> Nullable<Text>,
        account_id -> BigInt,
        visibility -> SmallInt,
        local -> Bool,
        listing -> SmallInt,
        content -> Text,
        source_text -> Nullable<Text>,
        source_type -> SmallInt,
        spoiler_text -> Text,
        sensitive -> Bool,
        language -> Nullable<Text>,
        in_reply_to_id -> Nullable<BigInt>,
        in_reply_to_account_id -> Nullable<BigInt>,
        in_reply_to_uri -> Nullable<Text>,
        conversation_id -> BigInt,
        boost_of_id -> Nullable<BigInt>,
        poll_id -> Nullable<BigInt>,
        app_id -> Nullable<BigInt>,
        media_ids -> Text,
        emojis -> Text,
        replies_count -> BigInt,
        boosts_count -> BigInt,
        favourites_count -> BigInt,
        remote_boosts_count -> BigInt,
        remote_favourites_count -> BigInt,
        created_at -> BigInt,
        edited_at -> Nullable<BigInt>,
        fetched_at -> Nullable<BigInt>,
        group_id -> Nullable<BigInt>,
        audience -> SmallInt,
        quote_policy -> SmallInt,
        quotes_count -> BigInt,
    }
}

diesel::table! {
    quotes (post_id) {
        post_id -> BigInt,
        quoted_uri -> Text,
        quoted_id -> Nullable<BigInt>,
        quoted_account_id -> Nullable<BigInt>,
        state -> SmallInt,
        request_uri -> Nullable<Text>,
        stamp_uri -> Nullable<Text>,
        counted -> Bool,
    }
}

diesel::table! {
    post_edits (id) {
        id -> BigInt,
        post_id -> BigInt,
        content -> Text,
        source_text -> Nullable<Text>,
        spoiler_text -> Text,
        sensitive -> Bool,
        media -> Text,
        poll_options -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    mentions (post_id, account_id) {
        post_id -> BigInt,
        account_id -> BigInt,
        silent -> Bool,
    }
}

diesel::table! {
    tags (id) {
        id -> BigInt,
        name -> Text,
        display -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    post_tags (tag_id, post_id) {
        tag_id -> BigInt,
        post_id -> BigInt,
    }
}

diesel::table! {
    followed_tags (id) {
        id -> BigInt,
        account_id -> BigInt,
        tag_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    featured_tags (id) {
        id -> BigInt,
        account_id -> BigInt,
        tag_id -> BigInt,
        posts_count -> BigInt,
        last_post_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    media (id) {
        id -> BigInt,
        account_id -> BigInt,
        post_id -> Nullable<BigInt>,
        position -> SmallInt,
        kind -> SmallInt,
        state -> SmallInt,
        mime -> Nullable<Text>,
        file -> Nullable<Text>,
        thumbnail -> Nullable<Text>,
        remote_url -> Nullable<Text>,
        remote_thumbnail_url -> Nullable<Text>,
        size -> BigInt,
        description -> Nullable<Text>,
        blurhash -> Nullable<Text>,
        focus_x -> Nullable<Double>,
        focus_y -> Nullable<Double>,
        width -> Nullable<BigInt>,
        height -> Nullable<BigInt>,
        small_width -> Nullable<BigInt>,
        small_height -> Nullable<BigInt>,
        duration_ms -> Nullable<BigInt>,
        cached_at -> Nullable<BigInt>,
        created_at -> BigInt,
        scheduled_id -> Nullable<BigInt>,
        colours -> Nullable<Text>,
    }
}

diesel::table! {
    scheduled_posts (id) {
        id -> BigInt,
        account_id -> BigInt,
        scheduled_at -> BigInt,
        draft -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    polls (id) {
        id -> BigInt,
        post_id -> BigInt,
        multiple -> Bool,
        hide_totals -> Bool,
        expires_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
        voters_count -> Nullable<BigInt>,
        fetched_at -> Nullable<BigInt>,
        update_due_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    poll_options (poll_id, position) {
        poll_id -> BigInt,
        position -> SmallInt,
        title -> Text,
        votes_count -> BigInt,
    }
}

diesel::table! {
    poll_votes (poll_id, account_id, choice) {
        poll_id -> BigInt,
        account_id -> BigInt,
        choice -> SmallInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    favourites (id) {
        id -> BigInt,
        account_id -> BigInt,
        post_id -> BigInt,
        uri -> Nullable<Text>,
        created_at -> BigInt,
        implied -> Bool,
    }
}

diesel::table! {
    emoji_reactions (id) {
        id -> BigInt,
        account_id -> BigInt,
        post_id -> BigInt,
        name -> Text,
        domain -> Text,
        url -> Nullable<Text>,
        uri -> Nullable<Text>,
        is_like -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    bookmarks (id) {
        id -> BigInt,
        account_id -> BigInt,
        post_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    pins (id) {
        id -> BigInt,
        account_id -> BigInt,
        post_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    conversation_mutes (id) {
        id -> BigInt,
        account_id -> BigInt,
        conversation_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    follows (id) {
        id -> BigInt,
        account_id -> BigInt,
        target_id -> BigInt,
        state -> SmallInt,
        uri -> Nullable<Text>,
        show_boosts -> Bool,
        notify -> Bool,
        languages -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    blocks (id) {
        id -> BigInt,
        account_id -> BigInt,
        target_id -> BigInt,
        uri -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    account_domain_blocks (id) {
        id -> BigInt,
        account_id -> BigInt,
        domain -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    mutes (id) {
        id -> BigInt,
        account_id -> BigInt,
        target_id -> BigInt,
        hide_notifications -> Bool,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    account_notes (account_id, target_id) {
        account_id -> BigInt,
        target_id -> BigInt,
        comment -> Text,
    }
}

diesel::table! {
    lists (id) {
        id -> BigInt,
        account_id -> BigInt,
        title -> Text,
        replies_policy -> SmallInt,
        exclusive -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    list_members (list_id, account_id) {
        list_id -> BigInt,
        account_id -> BigInt,
    }
}

diesel::table! {
    collections (id) {
        id -> BigInt,
        account_id -> BigInt,
        name -> Text,
        description -> Text,
        language -> Nullable<Text>,
        sensitive -> Bool,
        discoverable -> Bool,
        tag -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        uri -> Nullable<Text>,
        url -> Nullable<Text>,
        listed -> Nullable<Text>,
    }
}

diesel::table! {
    collection_items (id) {
        id -> BigInt,
        collection_id -> BigInt,
        account_id -> BigInt,
        state -> SmallInt,
        created_at -> BigInt,
        stamp_uri -> Nullable<Text>,
        uri -> Nullable<Text>,
        checked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    home_entries (account_id, post_id) {
        account_id -> BigInt,
        post_id -> BigInt,
    }
}

diesel::table! {
    conversations (id) {
        id -> BigInt,
        account_id -> BigInt,
        conversation_id -> BigInt,
        last_post_id -> BigInt,
        unread -> Bool,
        hidden -> Bool,
        participants -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    notifications (id) {
        id -> BigInt,
        account_id -> BigInt,
        kind -> SmallInt,
        from_account_id -> BigInt,
        post_id -> Nullable<BigInt>,
        report_id -> Nullable<BigInt>,
        group_key -> Nullable<Text>,
        created_at -> BigInt,
        held -> Bool,
        collection_id -> Nullable<BigInt>,
        warning_id -> Nullable<BigInt>,
        severance_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    notification_policies (account_id) {
        account_id -> BigInt,
        not_following -> SmallInt,
        not_followers -> SmallInt,
        new_accounts -> SmallInt,
        private_mentions -> SmallInt,
        limited_accounts -> SmallInt,
    }
}

diesel::table! {
    notification_requests (id) {
        id -> BigInt,
        account_id -> BigInt,
        from_account_id -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    markers (account_id, timeline) {
        account_id -> BigInt,
        timeline -> Text,
        last_read_id -> BigInt,
        version -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    filters (id) {
        id -> BigInt,
        account_id -> BigInt,
        title -> Text,
        contexts -> SmallInt,
        action -> SmallInt,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    filter_keywords (id) {
        id -> BigInt,
        filter_id -> BigInt,
        keyword -> Text,
        whole_word -> Bool,
    }
}

diesel::table! {
    filter_posts (id) {
        id -> BigInt,
        filter_id -> BigInt,
        post_id -> BigInt,
    }
}

diesel::table! {
    ip_blocks (id) {
        id -> BigInt,
        range -> Text,
        severity -> SmallInt,
        comment -> Text,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    email_domain_blocks (id) {
        id -> BigInt,
        domain -> Text,
        approval -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    email_blocks (id) {
        id -> BigInt,
        hash -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    tag_rules (tag_id) {
        tag_id -> BigInt,
        usable -> Bool,
        trendable -> Bool,
        listable -> Bool,
        reviewed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    trend_rules (kind, subject) {
        kind -> SmallInt,
        subject -> Text,
        allowed -> Bool,
        reviewed_at -> BigInt,
    }
}

diesel::table! {
    custom_emojis (id) {
        id -> BigInt,
        shortcode -> Text,
        domain -> Text,
        uri -> Nullable<Text>,
        image_remote_url -> Nullable<Text>,
        file -> Nullable<Text>,
        category -> Nullable<Text>,
        visible_in_picker -> Bool,
        updated_at -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (id) {
        id -> BigInt,
        account_id -> BigInt,
        request_key -> Text,
        post_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    reports (id) {
        id -> BigInt,
        account_id -> BigInt,
        target_id -> BigInt,
        uri -> Nullable<Text>,
        category -> SmallInt,
        comment -> Text,
        post_ids -> Text,
        rule_ids -> Text,
        forwarded -> Bool,
        from_host -> Nullable<Text>,
        created_at -> BigInt,
        closed_at -> Nullable<BigInt>,
        closed_by -> Nullable<BigInt>,
        assigned_id -> Nullable<BigInt>,
        collection_ids -> Text,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> BigInt,
        actor_id -> Nullable<BigInt>,
        actor -> Text,
        action -> Text,
        target -> Text,
        detail -> Text,
        origin -> Text,
    }
}

diesel::table! {
    hosts (host) {
        host -> Text,
        state -> SmallInt,
        failures -> BigInt,
        first_failure_at -> Nullable<BigInt>,
        next_attempt_at -> Nullable<BigInt>,
        last_success_at -> Nullable<BigInt>,
        signature_scheme -> SmallInt,
        scheme_learned_at -> Nullable<BigInt>,
        software -> Nullable<Text>,
        created_at -> BigInt,
        last_heard_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    peers (domain) {
        domain -> Text,
        addresses -> Text,
        port -> Nullable<BigInt>,
        scheme -> Nullable<Text>,
        ca_pem -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    domain_blocks (domain) {
        domain -> Text,
        severity -> SmallInt,
        reject_media -> Bool,
        reject_reports -> Bool,
        comment -> Text,
        created_at -> BigInt,
        public_comment -> Text,
        obfuscate -> Bool,
    }
}

diesel::table! {
    activities (id) {
        id -> BigInt,
        uri -> Text,
        account_id -> BigInt,
        kind -> Text,
        object_uri -> Nullable<Text>,
        post_id -> Nullable<BigInt>,
        json -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> BigInt,
        activity_id -> BigInt,
        account_id -> BigInt,
        host -> Text,
        inbox -> Text,
        durable -> Bool,
        attempts -> BigInt,
        not_before -> BigInt,
        created_at -> BigInt,
        parked_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    inbox_items (id) {
        id -> BigInt,
        activity_uri -> Nullable<Text>,
        account_id -> BigInt,
        host -> Text,
        recipient_id -> Nullable<BigInt>,
        body -> Text,
        attempts -> BigInt,
        run_at -> BigInt,
        locked_until -> Nullable<BigInt>,
        parked_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        locked_by -> Nullable<SmallInt>,
    }
}

diesel::table! {
    seen_activities (hash) {
        hash -> Binary,
        seen_at -> BigInt,
    }
}

diesel::table! {
    tombstones (uri) {
        uri -> Text,
        actor_uri -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        audience -> SmallInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        queue -> Text,
        kind -> Text,
        unique_key -> Nullable<Text>,
        payload -> Text,
        run_at -> BigInt,
        attempts -> BigInt,
        locked_until -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        buried_at -> Nullable<BigInt>,
        created_at -> BigInt,
        locked_by -> Nullable<SmallInt>,
    }
}

diesel::table! {
    projects (id) {
        id -> BigInt,
        owner_id -> Nullable<BigInt>,
        local -> Bool,
        uri -> Nullable<Text>,
        name -> Text,
        purpose -> Text,
        tags -> Text,
        state -> SmallInt,
        state_since -> BigInt,
        state_reason -> Text,
        lead_uri -> Nullable<Text>,
        looking_for -> Text,
        vendor -> Text,
        links -> Text,
        language -> Nullable<Text>,
        site -> Text,
        rest -> Text,
        change -> BigInt,
        started_at -> BigInt,
        active_at -> BigInt,
        asked_at -> Nullable<BigInt>,
        published_at -> Nullable<BigInt>,
        removed_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        audience -> Nullable<SmallInt>,
        term_links -> Text,
        membership -> SmallInt,
    }
}

diesel::table! {
    cards (id) {
        id -> BigInt,
        url -> Text,
        told_by -> Text,
        page -> Text,
        state -> SmallInt,
        kind -> SmallInt,
        title -> Text,
        description -> Text,
        author_name -> Text,
        author_url -> Text,
        provider_name -> Text,
        provider_url -> Text,
        creator_id -> Nullable<BigInt>,
        image_remote_url -> Nullable<Text>,
        image_description -> Text,
        image -> Nullable<Text>,
        width -> Nullable<BigInt>,
        height -> Nullable<BigInt>,
        blurhash -> Nullable<Text>,
        language -> Nullable<Text>,
        published_at -> Nullable<BigInt>,
        fetched_at -> Nullable<BigInt>,
        tried_at -> Nullable<BigInt>,
        cached_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    users,
    actor_keys,
    retired_usernames,
    node_settings,
    sessions,
    invites,
    apps,
    oauth_codes,
    tokens,
    push_subscriptions,
    announcements,
    posts,
    quotes,
    post_edits,
    mentions,
    tags,
    post_tags,
    followed_tags,
    featured_tags,
    media,
    scheduled_posts,
    polls,
    poll_options,
    poll_votes,
    favourites,
    emoji_reactions,
    bookmarks,
    pins,
    conversation_mutes,
    follows,
    blocks,
    account_domain_blocks,
    mutes,
    account_notes,
    lists,
    list_members,
    collections,
    collection_items,
    home_entries,
    conversations,
    notifications,
    notification_policies,
    notification_requests,
    markers,
    filters,
    filter_keywords,
    filter_posts,
    custom_emojis,
    ip_blocks,
    email_domain_blocks,
    email_blocks,
    tag_rules,
    trend_rules,
    idempotency_keys,
    reports,
    audit_log,
    hosts,
    peers,
    domain_blocks,
    activities,
    deliveries,
    inbox_items,
    seen_activities,
    tombstones,
    jobs,
    projects,
);
