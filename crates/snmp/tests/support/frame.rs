//! A v2c Response with one binding, written octet by octet and not with the crate's own writer, so that each part can be
//! replaced by something wrong.

/// The parts of the message, each a whole TLV. [`Default`] is a sound message: sysUpTime.0 = 12345.
pub struct Frame {
    pub version: Vec<u8>,
    pub community: Vec<u8>,
    pub pdu_tag: u8,
    pub request_id: Vec<u8>,
    pub error_status: Vec<u8>,
    pub error_index: Vec<u8>,
    pub binding_tag: u8,
    pub name: Vec<u8>,
    pub value: Vec<u8>,
    /// The content of the variable-binding list, instead of the one binding.
    pub list: Option<Vec<u8>>,
    pub after_list: Vec<u8>,
    pub after_pdu: Vec<u8>,
    pub after_message: Vec<u8>,
    /// Length octets after the 8x of the four enclosing headers; 0 for the shortest form.
    pub length_octets: usize,
    /// The whole datagram.
    pub instead: Option<Vec<u8>>,
}

impl Frame {
    pub const REQUEST_ID: i32 = 0x1234_5678;
    pub const NAME: &str = "1.3.6.1.2.1.1.3.0";

    pub fn message(&self) -> Vec<u8> {
        if let Some(octets) = &self.instead {
            return octets.clone();
        }
        let wrap = |tag, content: &[u8]| match self.length_octets {
            0 => tlv(tag, content),
            width => tlv_with(tag, content, width),
        };
        let binding = wrap(self.binding_tag, &[&*self.name, &*self.value].concat());
        let list = wrap(0x30, self.list.as_deref().unwrap_or(&binding));
        let parts = [&*self.request_id, &*self.error_status, &*self.error_index, &*list, &*self.after_list];
        let pdu = wrap(self.pdu_tag, &parts.concat());
        let message = wrap(0x30, &[&*self.version, &*self.community, &*pdu, &*self.after_pdu].concat());
        [message, self.after_message.clone()].concat()
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            version: tlv(0x02, &[1]),
            community: tlv(0x04, b"public"),
            pdu_tag: 0xa2,
            request_id: tlv(0x02, &Self::REQUEST_ID.to_be_bytes()),
            error_status: tlv(0x02, &[0]),
            error_index: tlv(0x02, &[0]),
            binding_tag: 0x30,
            name: tlv(0x06, &[0x2b, 6, 1, 2, 1, 1, 3, 0]),
            value: tlv(0x43, &[0x30, 0x39]),
            list: None,
            after_list: Vec::new(),
            after_pdu: Vec::new(),
            after_message: Vec::new(),
            length_octets: 0,
            instead: None,
        }
    }
}

/// Tag, shortest length, content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let width = match content.len() {
        0..0x80 => 0,
        0x80..0x100 => 1,
        0x100..0x1_0000 => 2,
        _ => 3,
    };
    tlv_with(tag, content, width)
}

fn tlv_with(tag: u8, content: &[u8], length_octets: usize) -> Vec<u8> {
    let mut octets = vec![tag];
    let length = (content.len() as u32).to_be_bytes();
    match length_octets {
        0 => octets.push(length[3]),
        width => {
            octets.push(0x80 | width as u8);
            octets.extend(&length[4 - width..]);
        }
    }
    octets.extend(content);
    octets
}
