//! One suite for both databases: what the catalogue promises, alone and under races.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is the assertion that nothing failed")]

#[path = "catalogue/choices.rs"]
mod choices;
#[path = "catalogue/fixture.rs"]
mod fixture;
#[path = "catalogue/jobs.rs"]
mod jobs;
#[path = "catalogue/looks.rs"]
mod looks;
#[path = "catalogue/outages.rs"]
mod outages;
#[path = "catalogue/outbox.rs"]
mod outbox;
#[path = "catalogue/uploads.rs"]
mod uploads;

/// Runs each case of a module once for every database.
macro_rules! on_both_databases {
    ($($module:ident::$case:ident,)*) => {
        mod on_sqlite {
            use crate::fixture::Database;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::$module::$case(&Database::sqlite().unwrap()).await })*
        }
        mod on_postgres {
            use crate::fixture::Database;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::$module::$case(&Database::postgres().await.unwrap()).await })*
        }
    };
}

on_both_databases! {
    uploads::a_new_upload_is_there_for_its_owner_only,
    uploads::an_idempotency_key_stands_for_one_request,
    uploads::a_lost_answer_may_be_repeated_but_ids_are_not_shared,
    uploads::racing_creations_with_one_key_make_one_upload,
    uploads::part_checksums_are_kept_and_replaced,
    uploads::a_form_has_no_upload_in_the_store,
    uploads::completing_is_one_step_and_happens_once,
    uploads::racing_completions_write_one_event,
    uploads::an_abort_is_final_and_so_is_a_completion,
    uploads::a_race_of_abort_and_completion_has_one_winner,
    uploads::a_refused_event_undoes_the_completion,
    uploads::texts_from_outside_are_kept_whatever_they_hold,
    uploads::a_list_is_the_owners_newest_first,
    choices::many_uploads_are_made_in_one_step,
    choices::many_are_completed_in_one_step,
    choices::content_is_known_within_its_tenant,
    choices::a_challenge_is_taken_once,
    choices::aborted_uploads_are_swept_once,
    choices::news_are_the_owners_since_a_time,
    jobs::a_job_tells_the_worker_all_it_needs,
    jobs::there_is_nothing_to_take_before_the_original_is_whole,
    jobs::another_entrys_job_waits_while_one_is_alive,
    jobs::racing_jobs_get_distinct_tokens,
    jobs::a_version_is_published_once,
    jobs::only_the_newest_job_publishes,
    jobs::versions_only_go_up_by_one,
    jobs::racing_publications_leave_one_current_version,
    jobs::a_failed_picture_has_one_dead_letter_and_one_event,
    jobs::an_old_job_cannot_fail_a_picture,
    jobs::a_picture_with_a_version_stays_ready,
    jobs::an_unknown_picture_is_a_typed_error,
    outbox::events_come_in_order_until_marked,
    outbox::two_relays_lose_nothing,
    outbox::the_backlog_and_pruning_count_right,
    outbox::stalled_pictures_are_requeued_by_one_sweeper,
    outbox::a_picture_whose_event_waits_is_not_stalled,
    outbox::old_open_uploads_are_found,
    outbox::an_event_is_dead_lettered_once,
    looks::a_form_is_looked_for_when_due_by_one_service_until_it_is_closed,
    outages::many_may_open_an_empty_database_at_once,
    outages::two_pools_write_at_the_same_time,
    outages::a_newer_schema_is_refused,
    outages::a_database_of_the_first_days_goes_on,
    outages::a_closed_catalogue_fails_as_transient,
}
