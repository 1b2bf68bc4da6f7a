#include "kit/packet.h"

#include <Poco/JSON/Parser.h>

#include <sstream>
#include <stdexcept>

namespace sara::wire {

Packet::Packet(std::string text) : text_(std::move(text)) {
    try {
        Poco::JSON::Parser parser;
        object_ = parser.parse(text_).extract<Poco::JSON::Object::Ptr>();
    } catch (const Poco::Exception& e) {
        throw std::runtime_error("not a packet (" + e.displayText() + "): " + text_);
    }
}

std::string Packet::member(const std::string& object, const std::string& name) const {
    const Poco::JSON::Object::Ptr inner = object_->getObject(object);
    if (inner.isNull() || !inner->has(name) || inner->isNull(name)) return "";
    return inner->get(name).toString();
}

bool Packet::has(const std::string& object, const std::string& name) const {
    const Poco::JSON::Object::Ptr inner = object_->getObject(object);
    return !inner.isNull() && inner->has(name);
}

int Packet::type() const {
    const std::string text = envelope("type");
    return text.empty() ? -1 : std::atoi(text.c_str());
}

int Packet::delayTotal() const {
    const std::string text = member("delay", "total");
    return text.empty() ? -1 : std::atoi(text.c_str());
}

std::vector<Packet> Packet::delayed() const {
    std::vector<Packet> packets;
    const Poco::JSON::Object::Ptr delay = object_->getObject("delay");
    if (delay.isNull() || !delay->isArray("packets")) return packets;
    const Poco::JSON::Array::Ptr array = delay->getArray("packets");
    for (unsigned i = 0; i < array->size(); ++i) {
        std::ostringstream out;
        array->getObject(i)->stringify(out);
        packets.emplace_back(out.str());
    }
    return packets;
}

std::string chatPacket(const std::string& id, const std::string& from, const std::string& to,
                       const std::string& content, bool ack, int type, const std::string& extra) {
    return R"({"envelope":{"id":")" + id + R"(","type":)" + std::to_string(type) + R"(,"from":")" +
           from + R"(","to":")" + to + '"' + (ack ? R"(,"ack":1)" : "") + extra +
           R"(},"payload":{"content":")" + content + R"("},"vsn":"0.0.1"})";
}

std::string loginPacket(const std::string& id, const std::string& jid,
                        const std::string& password) {
    return R"({"envelope":{"id":")" + id + R"(","type":0,"jid":")" + jid + R"(","pwd":")" +
           password + R"("},"vsn":"0.0.1"})";
}

std::string ackPacket(const std::string& id, const std::string& from) {
    return R"({"envelope":{"id":")" + id + R"(","from":")" + from +
           R"(","to":"server_ack","type":3}})";
}

std::string withoutCt(const std::string& packet) {
    constexpr std::string_view kName = R"("ct":")";
    const auto at = packet.find(kName);
    if (at == std::string::npos) return packet;
    const auto end = packet.find('"', at + kName.size()) + 1;
    // A comma goes with it: the one behind, or at the end of the envelope the one in front.
    const bool behind = end < packet.size() && packet[end] == ',';
    const auto from = behind ? at : at - 1;
    return packet.substr(0, from) + packet.substr(behind ? end + 1 : end);
}

}  // namespace sara::wire
