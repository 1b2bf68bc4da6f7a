// The fixture of the wire tests: a folder, a conf, a server that runs from the first use to the end
// of the test. Decides what every test may rely on: after the body of a test the server must still
// be alive, and no sanitizer may have found anything in it.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kit/client.h"
#include "kit/conf.h"
#include "kit/server_process.h"
#include "kit/temp_folder.h"

namespace sara::wire {

class WireTest : public ::testing::Test {
  protected:
    WireTest() : conf_(Conf::inFolder(folder_.path().string())) { use(usualVia()); }

    void TearDown() override {
        if (server_ == nullptr) return;
        if (!ended_) {
            EXPECT_TRUE(server_->running()) << server_->output();
        }
        expectNoFindings();
    }

    // Enables a listener, with a certificate when it needs one. Before the first server().
    void use(Via via) {
        if (overTls(via)) writeTlsIdentity();
        if (via == Via::kTls) conf_.set("enable_tls", "true");
        if (via == Via::kWs) conf_.set("enable_ws", "true");
        if (via == Via::kWss) conf_.set("enable_wss", "true");
    }
    void useTls() { use(Via::kTls); }

    ServerProcess& server() {
        if (server_ == nullptr) start();
        return *server_;
    }
    void start() { server_ = std::make_unique<ServerProcess>(folder_.path().string(), conf_); }
    void restartAfterKill() {
        server().killHard();
        start();
    }
    // For tests that end the server themselves.
    void serverMayEnd() { ended_ = true; }

    uint16_t portOf(Via via) {
        ServerProcess& s = server();
        switch (via) {
            case Via::kTls:
                return s.tlsPort();
            case Via::kWs:
                return s.wsPort();
            case Via::kWss:
                return s.wssPort();
            default:
                return s.port();
        }
    }
    Client connect(Via via = usualVia()) { return Client(portOf(via), via); }
    Client online(const std::string& jid, Via via = usualVia()) {
        Client client = connect(via);
        const Packet reply = client.loginAndAck(jid);
        if (reply.result() != "ok") throw std::runtime_error("login refused: " + reply.text());
        return client;
    }
    // Sends packets with ack 1 and waits for each ack.
    static void sendAcked(Client& client, const std::string& from, const std::string& to,
                          const std::vector<std::string>& ids) {
        for (const std::string& id : ids) client.send(chatPacket(id, from, to, id, true));
        for (const std::string& id : ids) {
            const Packet ack = client.packet();
            EXPECT_EQ(ack.type(), 3) << ack.text();
            EXPECT_EQ(ack.id(), id) << ack.text();
        }
    }
    static std::vector<std::string> idsOf(const std::vector<Packet>& packets) {
        std::vector<std::string> ids;
        for (const Packet& packet : packets) ids.push_back(packet.id());
        return ids;
    }

    TempFolder folder_;
    Conf conf_;
    std::unique_ptr<ServerProcess> server_;

  private:
    void writeTlsIdentity();
    // Under a sanitizer: ends the server in order, so that leaks are looked for, and reads its
    // reports.
    void expectNoFindings();
    bool ended_ = false;
};

}  // namespace sara::wire
