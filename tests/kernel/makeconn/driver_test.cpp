// Connections and their loop against a socket that does what servers do at the worst moment.
#include "makeconn/driver.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace sara::makeconn {
namespace {

// Accepts one connection, says something, and does as it is told.
class Listener {
  public:
    Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof any;
        if (::bind(fd_, reinterpret_cast<sockaddr*>(&any), size) != 0 || ::listen(fd_, 8) != 0 ||
            ::getsockname(fd_, reinterpret_cast<sockaddr*>(&any), &size) != 0) {
            throw std::runtime_error("no listener");
        }
        port_ = ntohs(any.sin_port);
    }
    ~Listener() { ::close(fd_); }
    Target target() const {
        Target target;
        EXPECT_EQ(resolve("127.0.0.1", port_, AF_INET, &target.to), "");
        return target;
    }
    void sayAndClose(std::string_view text) const {
        const int peer = ::accept(fd_, nullptr, nullptr);
        EXPECT_EQ(::send(peer, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
        ::close(peer);
    }

  private:
    int fd_;
    uint16_t port_ = 0;
};

struct Witness : Owner {
    void onConnected(Connection&) override { ++connected; }
    void onFrame(Connection&, std::string_view body, uint64_t) override { frames += body; }
    void onClosed(Connection& connection) override { why = connection.why(); }
    int connected = 0;
    std::string frames, why;
};

TEST(MakeconnDriver, AnswerAndCloseInOneEventAreBothSeen) {
    // The close came in the event of the last bytes, and an event of its own was waited for for
    // ever.
    const Listener listener;
    Driver driver(listener.target());
    Witness witness;
    Connection connection(witness, 0);
    ASSERT_TRUE(driver.connect(connection));
    listener.sayAndClose("refused\x01");
    EXPECT_TRUE(driver.runUntil([&] { return !witness.why.empty(); }, 5));
    EXPECT_EQ(witness.connected, 1);
    EXPECT_EQ(witness.frames, "refused");
    EXPECT_EQ(witness.why, "closed by the server");
}

TEST(MakeconnDriver, NobodyThereIsSaidInWords) {
    Target target;
    {
        const Listener listener;
        target = listener.target();
    }
    Driver driver(target);
    Witness witness;
    Connection connection(witness, 0);
    if (driver.connect(connection)) {
        EXPECT_TRUE(driver.runUntil([&] { return !witness.why.empty(); }, 5));
        EXPECT_EQ(witness.why, "Connection refused");
    } else {
        EXPECT_EQ(connection.why(), "Connection refused");
    }
}

TEST(MakeconnDriver, WhatIsQueuedBetweenTurnsLeavesBeforeTheWait) {
    // A message waited as long as the loop did: 20 ms at a low rate.
    const Listener listener;
    Driver driver(listener.target());
    Witness witness;
    Connection connection(witness, 0);
    ASSERT_TRUE(driver.connect(connection));
    EXPECT_TRUE(driver.runUntil([&] { return witness.connected == 1; }, 5));
    driver.send(connection, "hello\x01");
    EXPECT_EQ(connection.waitingBytes(), 6u);
    driver.turn(0);
    EXPECT_EQ(connection.waitingBytes(), 0u);
}

}  // namespace
}  // namespace sara::makeconn
