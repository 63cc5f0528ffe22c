//! Announcements on their way to other nodes.

use crate::Announcement;

/// The channel they travel on.
pub const CHANNEL: &str = "vestibule";
/// A notification is shorter than 8000 bytes.
const LONGEST: usize = 7900;
/// Beyond so many notifications in one transaction everything is forgotten instead.
const MANY: usize = 8;
/// The text that stands for everything.
const EVERYTHING: &str = "*";

/// What a node calls after its name, to hear whether it hears.
pub const ECHO: &str = " ?";

/// What another node says.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// These changed.
    Changed(Vec<Announcement<'a>>),
    /// So much changed that nothing cached can be relied on; or this release does not understand what.
    Everything,
}

/// The texts to send: the node's name, then `topic:id` after `topic:id`.
pub fn write(node: &str, announcements: &[Announcement<'_>]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for announcement in announcements.iter().filter(|it| seen.insert(**it)) {
        let word = format!(
            " {}:{:032x}",
            announcement.topic,
            u128::from_be_bytes(announcement.id)
        );
        match texts.last_mut() {
            Some(text) if text.len() + word.len() <= LONGEST => text.push_str(&word),
            _ => texts.push(format!("{node}{word}")),
        }
    }
    if texts.len() > MANY {
        return vec![format!("{node} {EVERYTHING}")];
    }
    texts
}

/// Reads a text; `None` when it is this node's own.
pub fn read<'a>(node: &str, text: &'a str) -> Option<Heard<'a>> {
    if text.ends_with(ECHO) {
        return None;
    }
    let mut words = text.split(' ');
    if words.next() == Some(node) {
        return None;
    }
    let changed: Option<Vec<_>> = words.map(announcement).collect();
    Some(changed.map_or(Heard::Everything, Heard::Changed))
}

fn announcement(word: &str) -> Option<Announcement<'_>> {
    let (topic, id) = word.split_once(':')?;
    let id = u128::from_str_radix(id, 16).ok()?.to_be_bytes();
    Some(Announcement { topic, id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(count: u8, topic: &'static str) -> Vec<Announcement<'static>> {
        (0..count)
            .map(|id| Announcement { topic, id: [id; 16] })
            .collect()
    }

    #[test]
    fn another_node_reads_what_was_written_and_the_writer_does_not() {
        let sent = many(200, "session");
        let texts = write("here", &[sent.clone(), sent.clone()].concat());
        assert!(texts.len() > 1 && texts.iter().all(|text| text.len() < 8000));
        let mut heard = Vec::new();
        for text in &texts {
            assert_eq!(read("here", text), None);
            match read("there", text) {
                Some(Heard::Changed(some)) => heard.extend(some),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(heard, sent, "each once");
    }

    #[test]
    fn too_much_and_the_unknown_mean_everything() {
        const LONG: &str = "a_topic_with_a_name_so_long_that_two_hundred_of_them_do_not_fit_into_eight_notifications_\
            however_they_are_packed_which_takes_two_hundred_and_eighty_five_characters_each_so_there_is_some_more_text_\
            here_and_again_some_more_text_here_and_again_some_more_text_here_and_again_some_more_text_here_and_at_last_the_end";
        let texts = write("here", &many(255, LONG));
        assert_eq!(texts, ["here *"]);
        for text in ["here *", "here session:xyz", "here what", "here "] {
            assert_eq!(read("there", text), Some(Heard::Everything), "{text}");
        }
    }
}
