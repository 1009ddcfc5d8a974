//! UpdateReq, which only older drafts define: read by its name, and refused.

use scep::attribute::{FailInfo, HistoricType, StatedType};
use scep::client::{Enrolment, Step, Verdict};
use scep::fault::{self, Faults};
use scep::message::PkiMessage;
use scep::server::{Checks, receive};

use crate::lab::{NOW, ca, enrol, rng};
use crate::link::Link;
use crate::server::{Operator, Server};

/// A right request but for its messageType: nothing here writes that one of itself.
const AS_UPDATE_REQ: &str = r#"
schema = "sceptic/faults/1"
[[fault]]
id = "as-update-req"
title = "messageType is 18"
breaks = ["8894-3.2.1.2-undefined-type-error"]
do = { op = "attr-text", attr = "messageType", text = "18" }
"#;

#[test]
fn an_update_req_is_called_by_its_name_and_refused_as_undefined() {
    let mut faults = Faults::new(fault::read("here", AS_UPDATE_REQ).unwrap());
    let mut rng = rng(7);
    let mut machine = Enrolment::new(enrol("pool-00"), NOW, &mut rng);
    let Step::Send(request) = machine.poll(NOW, &mut faults, &mut rng).unwrap() else { panic!() };
    let message = PkiMessage::read(&request.body).unwrap().value;
    assert_eq!(message.stated_type(), Some(StatedType::Historic(HistoricType::UpdateReq)));
    assert_eq!(message.message_type(), None, "undefined in RFC 8894");

    let (refusal, to) = receive(&request.body, &[&ca()], &[], &Checks::default()).unwrap_err();
    assert!(to.is_some() && refusal.to_string().contains("UpdateReq of an older draft"), "{refusal}");
    let mut link = Link::new(Server::new(Operator::Automatic), Vec::new(), NOW);
    machine.handle(&link.send(&request).unwrap(), NOW);
    let Some(Verdict::Refused { fail_info, .. }) = machine.verdict() else { panic!("{machine:?}") };
    assert_eq!(*fail_info, Some(FailInfo::BadRequest));
    assert!(link.server.issued.is_empty());
}
