// `sara talk` against a scripted server: what it sends, what it owes, what it shows.
#include "boot/talk.h"

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "boot/talk_options.h"
#include "boot/talk_session.h"

namespace {

using sara::boot::parseTalkOptions;
using sara::boot::TalkLine;
using sara::boot::TalkOptions;
using sara::boot::TalkSession;
using ::testing::HasSubstr;

std::string optionsError(const std::vector<std::string>& args) {
    TalkOptions options;
    return parseTalkOptions(args, options);
}

TEST(TalkOptions, TakeTheSeedPortsWhenNoneIsGiven) {
    TalkOptions plain;
    ASSERT_EQ(parseTalkOptions({"--as", "a@demo", "--to", "b@demo"}, plain), "");
    EXPECT_EQ(plain.port, 4222);
    TalkOptions tls;
    ASSERT_EQ(parseTalkOptions({"--as=a@demo", "--to=b@demo", "--tls"}, tls), "");
    EXPECT_EQ(tls.port, 4333);
}

TEST(TalkOptions, SayWhatIsWrong) {
    EXPECT_THAT(optionsError({"--as", "a@demo"}), HasSubstr("--to must be a jid"));
    EXPECT_THAT(optionsError({"--as", "a", "--to", "b@demo"}), HasSubstr("found 'a'"));
    EXPECT_THAT(optionsError({"--as", "a@b@c", "--to", "b@demo"}), HasSubstr("--as"));
    EXPECT_THAT(optionsError({"--to"}), HasSubstr("needs a value"));
    EXPECT_THAT(optionsError({"--fast"}), HasSubstr("unknown argument '--fast'"));
    EXPECT_THAT(optionsError({"--as", "a@b", "--to", "b@b", "--port", "65536"}),
                HasSubstr("1 to 65535"));
}

// The other end of one TalkSession, driven by the test in the same thread.
class TalkSessionTest : public ::testing::Test {
  protected:
    TalkSessionTest() : listener_(Poco::Net::SocketAddress("127.0.0.1", 0)) {
        Poco::Net::StreamSocket ours;
        ours.connect(listener_.address());
        ours.setReceiveTimeout(Poco::Timespan(2, 0));
        server_ = listener_.acceptConnection();
        server_.setReceiveTimeout(Poco::Timespan(2, 0));
        TalkOptions options;
        options.as = "a@demo";
        options.to = "b@demo";
        options.password = "pw";
        session_ = std::make_unique<TalkSession>(
            ours, options, [this](const TalkLine& line) { lines_.push_back(line); });
    }

    // The next frame that the client sent, without its end byte.
    std::string received() {
        for (;;) {
            const auto end = bytes_.find('\x01');
            if (end != std::string::npos) {
                std::string frame = bytes_.substr(0, end);
                bytes_.erase(0, end + 1);
                return frame;
            }
            std::array<char, 4096> chunk{};
            const int n = server_.receiveBytes(chunk.data(), static_cast<int>(chunk.size()));
            if (n <= 0) return "closed";
            bytes_.append(chunk.data(), static_cast<size_t>(n));
        }
    }

    void reply(const std::string& frame) {
        const std::string bytes = frame + '\x01';
        server_.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
        session_->read();
    }

    static std::string idOf(const std::string& frame) {
        const auto at = frame.find("\"id\":\"");
        return at == std::string::npos ? ""
                                       : frame.substr(at + 6, frame.find('"', at + 6) - at - 6);
    }

    std::string logIn(const std::string& delay = R"({"total":0})") {
        session_->login();
        const std::string id = idOf(received());
        reply(R"({"envelope":{"id":")" + id + R"(","type":0},"entity":{"result":"ok"},"delay":)" +
              delay + "}");
        return id;
    }

    Poco::Net::ServerSocket listener_;
    Poco::Net::StreamSocket server_;
    std::unique_ptr<TalkSession> session_;
    std::vector<TalkLine> lines_;
    std::string bytes_;
};

TEST_F(TalkSessionTest, LogsInWithJidAndPassword) {
    session_->login();
    const std::string frame = received();
    EXPECT_THAT(frame, HasSubstr(R"("type":0,"jid":"a@demo","pwd":"pw")"));
}

TEST_F(TalkSessionTest, ShowsWhatWaitedAndAcknowledgesTheBatchByTheLoginId) {
    const std::string id = logIn(
        R"({"total":1,"packets":[{"envelope":{"id":"o1","from":"b@demo","to":"a@demo","type":1,)"
        R"("ack":1,"ct":"1795336943039"},"payload":{"content":"early"}}]})");
    ASSERT_EQ(lines_.size(), 2u);
    EXPECT_EQ(lines_[1].kind, TalkLine::Kind::kWaited);
    EXPECT_EQ(lines_[1].text, "early");
    EXPECT_EQ(lines_[1].time_ms, 1795336943039u);
    const std::string ack = received();
    EXPECT_EQ(idOf(ack), id);
    EXPECT_THAT(ack, HasSubstr(R"("to":"server_ack")"));
}

TEST_F(TalkSessionTest, OwesNothingOnceTheServerAcceptedALine) {
    logIn();
    (void)received();  // the ack of the login
    session_->say("hello \"there\"");
    EXPECT_EQ(session_->owed(), 1u);
    const std::string frame = received();
    EXPECT_THAT(frame, HasSubstr(R"("content":"hello \"there\"")"));
    reply(R"({"envelope":{"id":")" + idOf(frame) + R"(","from":"server_ack","type":3}})");
    EXPECT_EQ(session_->owed(), 0u);
    EXPECT_EQ(lines_.back().kind, TalkLine::Kind::kAccepted);
    EXPECT_EQ(lines_.back().text, "hello \"there\"");
}

TEST_F(TalkSessionTest, CountsARefusedLineAsRefusedAndNotAsAccepted) {
    logIn();
    (void)received();
    session_->say("hello");
    reply(R"({"envelope":{"id":")" + idOf(received()) +
          R"(","type":4},"entity":{"result":"sys_notify","reason":"store_error"}})");
    EXPECT_EQ(session_->owed(), 0u);
    EXPECT_EQ(session_->refused(), 1u);
    EXPECT_EQ(lines_.back().text, "store_error: hello");
}

TEST_F(TalkSessionTest, AcknowledgesOnlyPacketsThatAskForIt) {
    logIn();
    (void)received();
    reply(R"({"envelope":{"id":"x1","from":"b@demo","type":1},"payload":{"content":"no"}})");
    reply(R"({"envelope":{"id":"x2","from":"b@demo","type":1,"ack":1},"payload":{"content":"y"}})");
    EXPECT_EQ(idOf(received()), "x2");
}

TEST_F(TalkSessionTest, KeepsTheReasonOfARefusedLogin) {
    session_->login();
    (void)received();
    reply(R"({"envelope":{"id":"x","type":0},"entity":{"result":"error","reason":"fail_token"}})");
    EXPECT_EQ(session_->state(), TalkSession::State::kRefused);
    EXPECT_EQ(session_->reason(), "fail_token");
}

TEST_F(TalkSessionTest, SaysThatAnotherLoginReplacedIt) {
    logIn();
    reply("\x03");
    EXPECT_EQ(session_->state(), TalkSession::State::kReplaced);
}

TEST_F(TalkSessionTest, SurvivesAFrameThatIsNoPacket) {
    logIn();
    reply("{nonsense");
    reply("[1]");
    EXPECT_EQ(session_->state(), TalkSession::State::kOnline);
    EXPECT_EQ(lines_.back().kind, TalkLine::Kind::kNotice);
}

TEST(Talk, EndsWithTwoWhenTheArgumentsAreWrong) {
    EXPECT_EQ(sara::boot::runTalk({"--as", "nobody"}), 2);
}

TEST(Talk, EndsWithOneWhenNobodyListens) {
    Poco::Net::ServerSocket taken(Poco::Net::SocketAddress("127.0.0.1", 0));
    const auto port = std::to_string(taken.address().port());
    taken.close();
    EXPECT_EQ(sara::boot::runTalk({"--as", "a@demo", "--to", "b@demo", "--port", port}), 1);
}

}  // namespace
