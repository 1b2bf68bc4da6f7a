// Packets as tests read and write them. Decides nothing about the protocol: it builds text that
// looks like what the 2014 clients send, and looks into text that the server sent.
#pragma once
#include <Poco/JSON/Object.h>

#include <string>
#include <string_view>
#include <vector>

namespace sara::wire {

// What the server sent, taken apart. Every getter answers "" for what is not there.
class Packet {
  public:
    explicit Packet(std::string text);  // throws std::runtime_error when it is not one JSON object

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::string id() const { return envelope("id"); }
    [[nodiscard]] std::string from() const { return envelope("from"); }
    [[nodiscard]] std::string to() const { return envelope("to"); }
    [[nodiscard]] std::string ct() const { return envelope("ct"); }
    [[nodiscard]] int type() const;  // -1 when there is none
    [[nodiscard]] std::string result() const { return member("entity", "result"); }
    [[nodiscard]] std::string reason() const { return member("entity", "reason"); }
    [[nodiscard]] std::string content() const { return member("payload", "content"); }
    [[nodiscard]] std::string envelope(const std::string& name) const {
        return member("envelope", name);
    }
    [[nodiscard]] std::string member(const std::string& object, const std::string& name) const;
    [[nodiscard]] bool has(const std::string& object, const std::string& name) const;
    // The type-0 reply's delay.total, -1 when there is none, and the packets in delay order.
    [[nodiscard]] int delayTotal() const;
    [[nodiscard]] std::vector<Packet> delayed() const;

  private:
    std::string text_;
    Poco::JSON::Object::Ptr object_;
};

// {"envelope":{...}} as the SDKs write it; extra goes into the envelope verbatim, with its comma in
// front.
[[nodiscard]] std::string chatPacket(const std::string& id, const std::string& from,
                                     const std::string& to, const std::string& content, bool ack,
                                     int type = 1, const std::string& extra = "");
[[nodiscard]] std::string loginPacket(const std::string& id, const std::string& jid,
                                      const std::string& password);
[[nodiscard]] std::string ackPacket(const std::string& id, const std::string& from);

// The envelope's ct member, with its comma, cut out: what is left must be the sender's bytes.
[[nodiscard]] std::string withoutCt(const std::string& packet);

}  // namespace sara::wire
