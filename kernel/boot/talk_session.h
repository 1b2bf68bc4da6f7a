// One logged-in connection of `sara talk`: frames in and out, and what becomes of each packet.
// Decides what is acknowledged to the server and what is still owed by it; refuses to print
// anything itself, that is the sink's work. One thread.
#pragma once
#include <Poco/JSON/Object.h>
#include <Poco/Net/StreamSocket.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "boot/talk_options.h"

namespace sara::boot {

// What the person should see.
struct TalkLine {
    enum class Kind { kMessage, kWaited, kAccepted, kNotice };
    Kind kind = Kind::kNotice;
    uint64_t time_ms = 0;  // since the epoch; the server's time where the packet has one
    std::string from;
    std::string text;  // as received: may hold any byte that JSON allows
};

class TalkSession {
  public:
    using Sink = std::function<void(const TalkLine&)>;

    enum class State { kLoggingIn, kOnline, kRefused, kReplaced, kClosed };

    // socket: connected, blocking. sink is called on the caller's thread.
    TalkSession(Poco::Net::StreamSocket socket, TalkOptions options, Sink sink);

    // Sends the login packet. Throws Poco::Exception when the socket is dead.
    void login();
    // Sends one chat packet that asks for an ack. Throws Poco::Exception.
    void say(const std::string& text);
    // The server answers in order: an echo tells that all we sent before was read.
    void heartbeat();
    [[nodiscard]] bool heartbeatOpen() const { return heartbeat_open_; }
    // Reads what is there and handles every complete frame. Call when the socket is readable.
    void read();

    [[nodiscard]] State state() const { return state_; }
    // Messages that the server has not accepted yet.
    [[nodiscard]] size_t owed() const { return waiting_.size(); }
    // Messages that the server refused, each told to the sink as a notice.
    [[nodiscard]] size_t refused() const { return refused_; }
    // Why the state is kRefused or kClosed, in words.
    [[nodiscard]] const std::string& reason() const { return reason_; }

  private:
    void handle(std::string_view frame);
    void onLoginReply(const Poco::JSON::Object::Ptr& packet);
    void onPacket(const Poco::JSON::Object::Ptr& packet, bool waited);
    void acknowledge(const std::string& id);
    void send(const std::string& body);
    void notice(const std::string& text);

    Poco::Net::StreamSocket socket_;
    const TalkOptions options_;
    const Sink sink_;
    State state_ = State::kLoggingIn;
    std::string reason_;
    size_t refused_ = 0;
    bool heartbeat_open_ = false;
    std::string login_id_;
    std::string buffer_;                          // bytes of a frame that is not complete
    std::map<std::string, std::string> waiting_;  // id -> text, until the ack comes
};

}  // namespace sara::boot
