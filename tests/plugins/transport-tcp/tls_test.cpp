// What is special about TLS: versions, renegotiation, handshakes that never end, garbage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "tcp_kind.h"
#include "testkit/transport/transport_rig.h"

namespace sara::tcp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testkit::GateSession;
using testkit::TransportRig;
using testkit::WireClient;
using testkit::WireClientOptions;

// A client on the TLS port that speaks no TLS.
struct RawRig : TransportRig {
    explicit RawRig() : TransportRig(kTls) {}
    std::unique_ptr<WireClient> raw() { return std::make_unique<WireClient>(port()); }
};

TEST(Tls, RefusesVersionsBefore12) {
    TransportRig rig(kTls);
    WireClientOptions old;
    old.tls_max = TLS1_1_VERSION;
    WireClient& c = rig.connect(old);
    c.send("x\x01");
    ASSERT_TRUE(rig.until([&] { return c.broken(); }));
    EXPECT_FALSE(c.handshaken());
    ASSERT_TRUE(rig.until([&] { return rig.gate.session(0)->closed; }));
    EXPECT_EQ(rig.gate.session(0)->closed_reason, "tls_error");
    EXPECT_EQ(rig.host.metric("tcp_tls_handshake_failures_total"), 1);
}

TEST(Tls, Speaks12And13) {
    TransportRig rig(kTls);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        WireClientOptions o;
        o.tls_max = version;
        o.tls_min = version;
        GateSession* s = nullptr;
        WireClient& c = rig.connected(&s, o);
        c.send("{}\x01");
        ASSERT_TRUE(rig.until([&] { return s->frames.size() == 1; }));
        EXPECT_EQ(SSL_version(c.tls()), version);
    }
}

TEST(Tls, RefusesRenegotiation) {
    TransportRig rig(kTls);
    WireClientOptions o;
    o.tls_max = TLS1_2_VERSION;
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s, o);
    ASSERT_EQ(SSL_renegotiate(c.tls()), 1);
    int r = 0;
    int why = SSL_ERROR_WANT_READ;
    ASSERT_TRUE(rig.until([&] {
        r = SSL_do_handshake(c.tls());
        why = SSL_get_error(c.tls(), r);
        return r == 1 || (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE);
    }));
    EXPECT_NE(r, 1) << "a second handshake went through";
    EXPECT_TRUE(c.broken()) << "the client is told no";
    ERR_clear_error();
    EXPECT_FALSE(s->closed) << "and may go on with what it has";
}

TEST(Tls, ResumesASessionByItsTicket) {
    TransportRig rig(kTls);
    rig.gate.on_frame = [](GateSession& s, std::string_view b) { return s.send(b); };
    SSL_SESSION* session = nullptr;
    {
        WireClient& c = rig.connected(nullptr);
        c.send("{}\x01");
        ASSERT_TRUE(rig.until([&] { return !c.received().empty(); }));
        session = SSL_get1_session(c.tls());
        ASSERT_EQ(SSL_SESSION_is_resumable(session), 1);
        c.shutdownWrite();
        rig.settle();
    }
    WireClientOptions o;
    o.resume = session;
    WireClient& c = rig.connected(nullptr, o);
    EXPECT_EQ(SSL_session_reused(c.tls()), 1);
    SSL_SESSION_free(session);
}

TEST(Tls, GarbageEndsOnlyItsOwnConnection) {
    RawRig rig;
    GateSession* good = nullptr;
    WireClient& c = rig.connected(&good);
    const std::string garbage[] = {
        "GET / HTTP/1.1\r\n\r\n", std::string(5000, '\x16'), std::string(300, '\0'),
        "{\"envelope\":{}}\x01", std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'z')};
    size_t n = 1;
    for (const std::string& bytes : garbage) {
        auto raw = rig.raw();
        raw->send(bytes);
        ASSERT_TRUE(rig.until([&] {
            raw->pump();
            return rig.gate.opened() > n && rig.gate.session(n)->closed;
        }));
        EXPECT_EQ(rig.gate.session(n)->closed_reason, "tls_error");
        EXPECT_THAT(rig.gate.session(n)->frames, IsEmpty());
        ++n;
    }
    EXPECT_EQ(rig.host.metric("tcp_tls_handshake_failures_total"), 5);
    c.send("{}\x01");
    EXPECT_TRUE(rig.until([&] { return good->frames.size() == 1; }));
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

TEST(Tls, AHandshakeThatStopsHalfWayIsTheKernelsToEnd) {
    RawRig rig;
    auto raw = rig.raw();
    raw->send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
    ASSERT_TRUE(rig.until([&] {
        raw->pump();
        return rig.gate.opened() == 1;
    }));
    rig.settle();
    GateSession* s = rig.gate.session(0);
    EXPECT_FALSE(s->closed);
    // The login timer fires: an answer is queued and the session closed.
    rig.host.loop().run([&] {
        EXPECT_EQ(s->send("{\"timeout\":1}"), SARA_OK);
        s->close(1000);
    });
    ASSERT_TRUE(rig.until([&] {
        raw->pump();
        return raw->ended();
    }));
    EXPECT_EQ(rig.host.loop().watches(), 1u) << "nothing waits for a peer that cannot be told";
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

TEST(Tls, AClientThatLeavesDuringTheHandshakeIsReportedOnce) {
    RawRig rig;
    auto raw = rig.raw();
    raw->send(std::string("\x16\x03\x01\x02", 4));
    ASSERT_TRUE(rig.until([&] {
        raw->pump();
        return rig.gate.opened() == 1;
    }));
    raw->close();
    ASSERT_TRUE(rig.until([&] { return rig.gate.session(0)->closed; }));
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

// A TLS client over memory, so that its bytes can be cut anywhere.
class MemoryTls {
  public:
    MemoryTls() : ctx_(SSL_CTX_new(TLS_client_method())), tls_(SSL_new(ctx_)) {
        SSL_set_bio(tls_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_connect_state(tls_);
    }
    ~MemoryTls() {
        SSL_free(tls_);
        SSL_CTX_free(ctx_);
    }
    bool handshaken() {
        SSL_do_handshake(tls_);
        ERR_clear_error();
        return SSL_is_init_finished(tls_) != 0;
    }
    void write(std::string_view text) {
        SSL_write(tls_, text.data(), static_cast<int>(text.size()));
    }
    void take(std::string_view bytes) {
        BIO_write(SSL_get_rbio(tls_), bytes.data(), static_cast<int>(bytes.size()));
    }
    std::string give() {
        char buf[65536];
        const int n = BIO_read(SSL_get_wbio(tls_), buf, sizeof buf);
        return n > 0 ? std::string(buf, static_cast<size_t>(n)) : std::string();
    }

  private:
    SSL_CTX* ctx_;
    SSL* tls_;
};

TEST(Tls, WorksWhenEveryByteComesAlone) {
    RawRig rig;
    auto raw = rig.raw();
    MemoryTls tls;
    std::string to_send;
    bool written = false;
    ASSERT_TRUE(rig.until([&] {
        tls.take(raw->received());
        raw->forget();
        if (tls.handshaken() && !written) {
            tls.write("{\"a\":1}\x01\x02\x01{\"b\":2}\x01");
            written = true;
        }
        to_send += tls.give();
        if (!to_send.empty()) {
            raw->send(to_send.substr(0, 1));
            to_send.erase(0, 1);
        }
        raw->pump();
        GateSession* s = rig.gate.session(0);
        return s != nullptr && s->frames.size() == 2;
    }));
    EXPECT_THAT(rig.gate.session(0)->frames, ElementsAre("{\"a\":1}", "{\"b\":2}"));
    EXPECT_EQ(rig.gate.session(0)->heartbeats, 1u);
}

TEST(Tls, SendsNothingBeforeTheHandshakeAndEverythingBehindIt) {
    TransportRig rig(kTls);
    WireClient& c = rig.connect();
    ASSERT_TRUE(rig.until([&] { return rig.gate.opened() == 1; }));
    rig.host.loop().run([&] { EXPECT_EQ(rig.gate.session(0)->send("{\"early\":1}"), SARA_OK); });
    ASSERT_TRUE(rig.until([&] { return !c.received().empty(); }));
    EXPECT_THAT(rig.take(c), ElementsAre("{\"early\":1}"));
}

}  // namespace
}  // namespace sara::tcp
