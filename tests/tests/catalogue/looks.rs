//! Forms whose sender says nothing afterwards.

use sealmark_catalogue::{CreateOutcome, NewUpload, Protocol, Transport};

use crate::fixture::{Database, new_upload, open, uploaded, whole};

pub(crate) async fn a_form_is_looked_for_when_due_by_one_service_until_it_is_closed(database: &Database) {
    let catalogue = database.connect().await;
    let form = NewUpload {
        protocol: Protocol::Companion,
        transport: Transport::Form,
        look_at_ms: Some(1_500),
        ..new_upload(1_000)
    };
    assert!(matches!(catalogue.create_upload(&form).await.unwrap(), CreateOutcome::Created(_)));
    // Its own client says when it is all there.
    open(&catalogue, 1_000).await;

    assert_eq!(catalogue.due_looks(1_499, 10).await.unwrap(), []);
    let due = catalogue.due_looks(1_500, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].upload.upload_id, due[0].upload.protocol), (form.upload_id, Protocol::Companion));
    let takers = (0..4).map(|_| catalogue.take_look(&due[0], 2_000));
    let taken = futures::future::try_join_all(takers).await.unwrap();
    assert_eq!(taken.into_iter().filter(|ours| *ours).count(), 1);
    assert_eq!(catalogue.due_looks(1_999, 10).await.unwrap(), []);

    let due = catalogue.due_looks(2_000, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    catalogue.complete_upload(&whole(form.upload_id, "\"etag\"", 7, &uploaded(&form)), 2_100).await.unwrap();
    assert!(!catalogue.take_look(&due[0], 3_000).await.unwrap());
    assert_eq!(catalogue.due_looks(9_000, 10).await.unwrap(), []);
}
