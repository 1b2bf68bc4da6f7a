// One group on the pairs of a relay rig: the first sender writes to all recipients, each of whom
// acknowledges his copy. For the benchmark: what a copy costs beside a message of its own.
#pragma once
#include <string>
#include <vector>

#include "relay_rig.h"

namespace sara::chat::test {

class GroupRig : public RelayRig, private CallbackPort {
  public:
    GroupRig(uint32_t members, size_t payload) : RelayRig(1, members, payload) {
        world_.callback = this;
        for (const Pair& p : pairs_) names_.push_back(p.to);
        names_.push_back(pairs_[0].from);
        text_ = padded(R"({"envelope":{"id":"0f3c1d2e-4b5a-6978-8796-a5b4c3d2e1f0","type":2,)"
                       R"("from":")" +
                       pairs_[0].from +
                       R"(","gid":"g","ack":1},"payload":{"attrs":{"Content-type":"text"},)"
                       R"("content":")" +
                       std::string(payload, 'x') + R"("},"vsn":"0.0.1"})");
        for (const Pair& p : pairs_) {
            acks_.push_back(padded(R"({"envelope":{"id":"uuid-0000000000000000000000000000000",)"
                                   R"("type":3,"from":")" +
                                   p.to + R"(","to":"server_ack"}})"));
        }
    }

    // One group packet, the acks of all members and the sender's.
    void relayGroup() {
        Move move;
        uint32_t id = ids_.last();
        enter(*rooms_[0], [&] { (void)rooms_[0]->frame(pairs_[0].sender, view(text_), move); });
        while (ids_.last() < id + pairs_.size()) turn();
        for (size_t i = 0; i < pairs_.size(); ++i) {
            std::string& ack = acks_[i];
            uint32_t n = ++id;
            for (size_t at = kIdEnd; n > 0; n /= 10) ack[--at] = static_cast<char>('0' + n % 10);
            enter(*rooms_[0],
                  [&] { (void)rooms_[0]->frame(pairs_[i].recipient, view(ack), move); });
        }
    }

  private:
    static constexpr size_t kIdEnd = std::string_view(R"({"envelope":{"id":")").size() + 36;
    void members(std::string_view, std::string_view, MembersDone done, void* user) override {
        done(user, Status::kOk, names_);
    }
    void offline(std::string_view, const Packet&, uint64_t) override {}

    std::vector<std::string_view> names_;
    std::string text_;
    std::vector<std::string> acks_;
};

}  // namespace sara::chat::test
