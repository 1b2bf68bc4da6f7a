// A filter and a tap in C++: greets in the log whoever comes online, refuses packets that contain a
// word.
#include <sara/plugin.hpp>

#include "manifest.h"

namespace {

class HelloFilter : public sara::Plugin {
    sara::Result<void> init() override {
        refused_word_ = config().text("refused_word", "xyzzy");
        refused_ = metrics().counter("hello_refused_total", "packets with the refused word");
        const sara::Status st = hooks().afterSessionOnline(
            [this](const sara::LoginView& who) { log().info("hello, ", who.user()); });
        return sara::ok(st) ? hooks().onPacketIn(sara::bind<&HelloFilter::packetIn>(this)) : st;
    }

    sara::Verdict packetIn(sara::PacketEvent& packet) {
        if (packet.json().find(refused_word_) == std::string_view::npos)
            return sara::Verdict::kPass;
        refused_.add();
        return packet.reject("refused_word");
    }

    std::string_view refused_word_;
    sara::Counter refused_;
};

}  // namespace

SARA_PLUGIN(HelloFilter)
