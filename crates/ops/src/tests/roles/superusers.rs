//! The last enabled user who may do everything stays (A06).

use super::*;

const LAST: Refusal = Refusal::Conflict(Conflict::LastSuperuser);

impl House {
    async fn user(&self, id: UserId) -> User {
        admin::users::find(&self.cx.core, self.cx.realm(), id)
            .await
            .unwrap()
            .unwrap()
    }

    async fn superusers(&self) -> usize {
        let users = admin::users::list(&self.cx.core, self.cx.realm(), 0, 1_000)
            .await
            .unwrap();
        let mut count = 0;
        for user in users {
            let held = admin::roles::authority(&self.cx.core, self.half(), user.id)
                .await
                .unwrap();
            count += usize::from(held.superuser);
        }
        count
    }
}

#[tokio::test]
async fn a06_the_last_superuser_is_lost_by_no_act() {
    let house = House::open(|_| {}).await;
    let root = house.role("root", true, &[]).await;
    let plain_role = house.role("plain", false, &[]).await;
    let ada = house.somebody("ada@example.org", &[&root]).await;
    // One who is disabled does not count, with another superuser role or without.
    let other = house.role("other", true, &[]).await;
    let bob = house.somebody("bob@example.org", &[&other]).await.user.id;
    let (cx, core, by) = (&house.cx, &house.cx.core, operator());
    assert!(
        admin::users::disable(core, &by, &house.user(bob).await)
            .await
            .unwrap()
    );
    let own = admin::roles::holders(core, house.half(), root.id, 1)
        .await
        .unwrap()
        .1
        .remove(0);
    assert_eq!(own.user, ada.user.id);
    let (before, acts) = (house.everything().await, house.acts().await);

    let (own, root_id, user) = (
        own.id.to_string(),
        root.id.to_string(),
        house.user(ada.user.id).await,
    );
    let half = house.half();
    let attempts = [
        assignments::delete(cx, &ada, &own).await,
        assignments::update(cx, &ada, &own, into(&plain_role))
            .await
            .map(drop),
        assignments::update(cx, &ada, &own, pass_on(bob)).await.map(drop),
        roles::update(cx, &ada, &root_id, powerful(false)).await.map(drop),
        roles::delete(cx, &ada, &root_id).await,
        crate::delete_account(cx, &ada).await,
        admin::users::disable(core, &by, &user).await.map(drop),
        admin::users::delete(core, &by, &user).await.map(drop),
        admin::roles::unassign(core, &by, half, root.id, user.id)
            .await
            .map(drop),
        admin::roles::update(core, &by, half, &root, powerful(false))
            .await
            .map(drop),
        admin::roles::delete(core, &by, half, &root).await,
    ];
    for (number, answer) in attempts.into_iter().enumerate() {
        assert_eq!(refused(answer), LAST, "attempt {number}");
    }
    assert_eq!((house.everything().await, house.acts().await), (before, acts));
    assert!(house.user(user.id).await.disabled_at.is_none() && house.authority(user.id).await.superuser);

    // With a second one, the first may go.
    assert!(
        admin::users::enable(core, &by, &house.user(bob).await)
            .await
            .unwrap()
    );
    assert!(admin::users::delete(core, &by, &user).await.unwrap());
    assert_eq!(house.superusers().await, 1);
}

#[tokio::test]
async fn a_realm_without_a_superuser_has_none_to_lose() {
    let house = House::open(|_| {}).await;
    let (core, by) = (&house.cx.core, operator());
    let ada = house.register("ada@example.org").await.unwrap();
    let root = house.role("root", true, &[]).await;
    assert!(admin::users::disable(core, &by, &ada).await.unwrap());
    house.assign(&root, ada.id).await;
    admin::roles::unassign(core, &by, house.half(), root.id, ada.id)
        .await
        .unwrap();
    admin::roles::delete(core, &by, house.half(), &root)
        .await
        .unwrap();
    assert!(admin::users::delete(core, &by, &ada).await.unwrap());
}

/// Sixteen superusers, and what each does to the next one, all at once.
async fn all_against_all<F: Future<Output = Result<(), Error>> + Send + 'static>(
    attack: impl Fn(Cx, Caller, RoleAssignment) -> F + Copy + Send + Sync + 'static,
) {
    let house = House::open(|_| {}).await;
    let root = house.role("root", true, &[]).await;
    let mut people = Vec::new();
    for number in 0..16 {
        people.push(
            house
                .somebody(&format!("user{number}@example.org"), &[&root])
                .await,
        );
    }
    let held = admin::roles::holders(&house.cx.core, house.half(), root.id, 16)
        .await
        .unwrap()
        .1;
    let answers = at_once(16, |number| {
        let (cx, caller, next) = (
            house.cx.clone(),
            people[number].clone(),
            held[(number + 1) % 16].clone(),
        );
        async move { attack(cx, caller, next).await }
    })
    .await;
    assert!(house.superusers().await >= 1, "nobody is left");
    for answer in answers {
        let Err(error) = answer else { continue };
        assert!([LAST, INSUFFICIENT].contains(&refused::<()>(Err(error))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a06_of_superusers_who_demote_each_other_at_once_one_stays() {
    all_against_all(|cx, caller, next| async move {
        assignments::delete(&cx, &caller, &next.id.to_string()).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a06_of_superusers_who_are_disabled_at_once_one_stays() {
    all_against_all(|cx, _, next| async move {
        let user = admin::users::find(&cx.core, cx.realm(), next.user)
            .await?
            .unwrap();
        admin::users::disable(&cx.core, &operator(), &user)
            .await
            .map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a06_of_superusers_who_delete_themselves_at_once_one_stays() {
    all_against_all(|cx, caller, _| async move { crate::delete_account(&cx, &caller).await }).await;
}

/// Half of them lose the role while the other half are disabled: two different acts that each look harmless alone.
#[tokio::test(flavor = "multi_thread")]
async fn a06_different_acts_at_once_leave_one_superuser() {
    all_against_all(|cx, _, next| async move {
        if next.id.bytes()[15] % 2 == 0 {
            let half = (&*cx.project, cx.environment);
            return admin::roles::unassign(&cx.core, &operator(), half, next.role, next.user)
                .await
                .map(drop);
        }
        let user = admin::users::find(&cx.core, cx.realm(), next.user)
            .await?
            .unwrap();
        admin::users::disable(&cx.core, &operator(), &user)
            .await
            .map(drop)
    })
    .await;
}
