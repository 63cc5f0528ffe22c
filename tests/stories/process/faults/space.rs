//! A database server whose disk is full. RL-04 on PostgreSQL.

use super::super::client::Request;
use super::super::disk::{reads_work, register_until_refused};
use super::{PATIENCE, Place};
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::process::Command;
use vestibule_testkit::process::eventually;
use vestibule_testkit::{Cluster, cluster};

const NAME: &str = "on_a_small_disk";

/// A database on a disk of its own that holds little more than it.
struct SmallDisk {
    cluster: &'static Cluster,
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// None where nobody may mount, which is said.
    fn new(cluster: &'static Cluster) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=24m,mode=0711", "none"];
        let mounted = Command::new("mount").args(mount).arg(folder.path()).output();
        if !mounted.is_ok_and(|mounted| mounted.status.success()) {
            println!("NOT TOLD: this machine lets nobody mount a small disk for PostgreSQL");
            return None;
        }
        let disk = Self { cluster, folder };
        let place = disk.folder.path().join("tablespace");
        fs::create_dir(&place).unwrap();
        if let Some((user, group)) = cluster::unprivileged() {
            chown(&place, Some(user), Some(group)).unwrap();
        }
        cluster.run(&format!(
            "CREATE TABLESPACE {NAME} LOCATION '{}'",
            place.display()
        ));
        cluster.run(&format!(
            "CREATE DATABASE {NAME} TEMPLATE template0 TABLESPACE {NAME} STRATEGY file_copy"
        ));
        Some(disk)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.cluster
            .run(&format!("DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"));
        self.cluster.run(&format!("DROP TABLESPACE IF EXISTS {NAME}"));
        // What is left of it goes with the machine.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.folder.path())
            .output();
    }
}

#[test]
fn rl04_a_full_disk_of_the_database_server_refuses_writes_serves_reads_and_heals_by_itself() {
    let Some(cluster) = cluster::shared() else { return };
    let Some(disk) = SmallDisk::new(cluster) else {
        return;
    };
    let place = Place::new().with("DATABASE_URL", &cluster.url(NAME));
    let server = place.dev();
    let door = &server.door;
    let ada = door.newcomer("ada@example.org");
    let ballast = disk.folder.path().join("ballast");
    let mut file = File::create(&ballast).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let refused = eventually("a disk that is known to be full", PATIENCE, || {
        let email = register_until_refused(&server);
        // What still fits somewhere, such as a sign of life, may be written in between.
        (server.figure("vestibule_store_writable") == 0).then_some(email)
    });
    reads_work(&server, &ada);
    door.send(Request::get("/v1/health")).unwrap().expect(200);
    drop(file);
    fs::remove_file(ballast).unwrap();
    eventually("healed", PATIENCE, || {
        (door.send(door.register(&refused)).unwrap().status == 201).then_some(())
    });
    assert_eq!(server.figure("vestibule_store_writable"), 1);
    door.sign_in(&refused);
    drop(server);
}
