#include "crash/crash_load.h"

#include <array>
#include <stdexcept>

namespace sara::wire {
namespace {

constexpr uint64_t kWindow = 64;
constexpr uint64_t kBatchMax = 12;
constexpr std::array<const char*, 3> kSenders = {"s1@t.com", "s2@t.com", "s3@t.com"};
constexpr const char* kReader = "reader@t.com";  // acknowledges everything
constexpr const char* kSilent = "silent@t.com";  // reads, never acknowledges
constexpr const char* kAway = "away@t.com";      // logs in once per life, only to fetch
constexpr std::array<const char*, 3> kReceivers = {kReader, kSilent, kAway};

}  // namespace

CrashLoad::CrashLoad(uint16_t port, Ledger& ledger, std::mt19937_64& random)
    : port_(port), ledger_(ledger), random_(random) {}

void CrashLoad::logIn() {
    for (const char* jid : kReceivers) {
        Client client(port_);
        const Packet reply = client.loginAndAck(jid);
        if (reply.result() != "ok") throw std::runtime_error("login refused: " + reply.text());
        for (const Packet& packet : reply.delayed()) ledger_.delivered(jid, packet.id());
        if (jid != kAway) {
            receivers_.push_back({jid, std::move(client), jid == kReader});
        } else {
            // The echo tells that the ack of the batch was read; then he leaves.
            client.sendRaw(kHeartbeatFrame);
            (void)client.next();
        }
    }
    for (const char* jid : kSenders) {
        Client client(port_);
        if (client.loginAndAck(jid).result() != "ok") throw std::runtime_error("login refused");
        senders_.push_back({jid, std::move(client), 0});
    }
}

void CrashLoad::send(Sender& sender) {
    std::string bytes;
    for (uint64_t n = random_() % (kBatchMax + 1); n > 0 && sender.open < kWindow; --n) {
        const std::string receiver = kReceivers[random_() % kReceivers.size()];
        const std::string text(random_() % 300, 'x');
        const std::string id = ledger_.nextId(sender.jid, receiver);
        bytes += chatPacket(id, sender.jid, receiver, text, true) + '\x01';
        ++sender.open;
    }
    sender.client.sendRaw(bytes, Millis(1'000));
}

void CrashLoad::readAcks(Sender& sender, Millis wait) {
    while (const auto frame = sender.client.next(wait)) {
        const Packet packet(*frame);
        if (packet.type() != 3) throw std::runtime_error("not an ack: " + *frame);
        ledger_.acked(packet.id());
        --sender.open;
        ++acked_;
    }
}

void CrashLoad::readMessages(Receiver& receiver, Millis wait) {
    while (const auto frame = receiver.client.next(wait)) {
        const std::string id = Packet(*frame).id();
        ledger_.delivered(receiver.jid, id);
        if (receiver.acknowledges) receiver.client.acknowledge(id);
    }
}

void CrashLoad::run(uint64_t acks, Millis longest) {
    const Deadline deadline(longest);
    while (acked_ < acks && !deadline.passed()) {
        for (Sender& sender : senders_) {
            send(sender);
            readAcks(sender, Millis(0));
        }
        for (Receiver& receiver : receivers_) readMessages(receiver, Millis(0));
    }
}

void CrashLoad::drain() {
    // The kernel delivers what the dead process had written; an end of stream ends each loop.
    for (Sender& sender : senders_) readAcks(sender, Millis(1'000));
    for (Receiver& receiver : receivers_) {
        receiver.acknowledges = false;
        readMessages(receiver, Millis(1'000));
    }
}

}  // namespace sara::wire
