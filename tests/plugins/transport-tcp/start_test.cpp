// Starting: what is said when it works, and one clear line when it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "tcp_kind.h"
#include "testkit/transport/test_certificate.h"
#include "testkit/transport/transport_rig.h"

namespace sara::tcp {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testkit::CertificateFiles;
using testkit::FakeGate;
using testkit::FakeHost;
using testkit::makeCertificate;
using testkit::PluginInstance;
using testkit::testFolder;

// Starts the plugin with this section; its error text, or "" with the status line in *line.
std::string start(const std::string& config, std::string* line = nullptr,
                  std::string* log = nullptr) {
    FakeGate gate;
    FakeHost host({.config_json = config});
    host.provide(SARA_EXT_GATE, gate.table());
    PluginInstance plugin(host, kTcp.descriptor());
    const bool started = plugin.start() == SARA_OK;
    if (line != nullptr) *line = plugin.statusLine();
    if (log != nullptr) {
        for (const auto& l : host.log()) *log += l.text + "\n";
    }
    return started ? "" : host.error();
}

std::string tls(const std::string& certfile, const std::string& keyfile) {
    return R"({"bind": "127.0.0.1", "port": 0, "enable_tls": true, "tlsport": 0, "certfile": ")" +
           certfile + R"(", "keyfile": ")" + keyfile + "\"}";
}

std::string write(const std::string& name, const std::string& text) {
    const std::string path = testFolder() + "/" + name;
    std::ofstream(path) << text;
    return path;
}

TEST(Start, NamesTheRealPorts) {
    const CertificateFiles c = makeCertificate(testFolder());
    std::string line;
    EXPECT_EQ(start(tls(c.certfile, c.keyfile), &line), "");
    EXPECT_THAT(line,
                MatchesRegex("tcp 127\\.0\\.0\\.1:[1-9][0-9]*, tls 127\\.0\\.0\\.1:[1-9][0-9]*"));
}

TEST(Start, ListensOnIpv6Too) {
    std::string line;
    const std::string error = start(R"({"bind": "::1", "port": 0})", &line);
    if (error.find("Cannot assign") != std::string::npos) GTEST_SKIP() << "no IPv6 here";
    EXPECT_EQ(error, "");
    EXPECT_THAT(line, MatchesRegex("tcp \\[::1\\]:[1-9][0-9]*"));
}

TEST(Start, WithoutAnyListenerItIsQuiet) {
    std::string line = "x";
    EXPECT_EQ(start(R"({"enable_tcp": false})", &line), "");
    EXPECT_EQ(line, "");
}

// Defect 47: a busy port was only logged, and the server stayed up without it.
TEST(Start, Defect47APortInUseIsAnError) {
    const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof at;
    ASSERT_EQ(::bind(other, reinterpret_cast<sockaddr*>(&at), len), 0);
    ASSERT_EQ(::listen(other, 1), 0);
    ::getsockname(other, reinterpret_cast<sockaddr*>(&at), &len);
    const std::string port = std::to_string(ntohs(at.sin_port));
    EXPECT_THAT(start(R"({"bind": "127.0.0.1", "port": )" + port + "}"),
                HasSubstr("cannot listen on 127.0.0.1:" + port + ": the port is in use"));
    ::close(other);
}

TEST(Start, ABindAddressThatIsNotOursIsAnError) {
    EXPECT_THAT(start(R"({"bind": "192.0.2.1", "port": 0})"),
                HasSubstr("cannot listen on 192.0.2.1:0"));
    EXPECT_THAT(start(R"({"bind": "no such name", "port": 0})"),
                HasSubstr("bind address \"no such name\""));
}

TEST(Start, AFileThatIsNotThereIsNamed) {
    const CertificateFiles c = makeCertificate(testFolder());
    EXPECT_EQ(start(tls("/nowhere/x.pem", c.keyfile)),
              "certificate /nowhere/x.pem cannot be read: No such file or directory");
    EXPECT_EQ(start(tls(c.certfile, "/nowhere/x.key")),
              "key /nowhere/x.key cannot be read: No such file or directory");
    EXPECT_EQ(start(tls(testFolder(), c.keyfile)),
              "certificate " + testFolder() + " cannot be read: Is a directory");
}

TEST(Start, AFileThatIsNotPemIsNamed) {
    const CertificateFiles c = makeCertificate(testFolder());
    const std::string text = write("text.pem", "this is not a certificate\n");
    EXPECT_EQ(start(tls(text, c.keyfile)), "certificate " + text + " is not a PEM certificate");
    EXPECT_EQ(start(tls(c.certfile, text)),
              "key " + text + " is not an unencrypted PEM private key");
    const std::string empty = write("empty.pem", "");
    EXPECT_EQ(start(tls(empty, c.keyfile)), "certificate " + empty + " is not a PEM certificate");
    EXPECT_EQ(start(tls(c.keyfile, c.keyfile)),
              "certificate " + c.keyfile + " is not a PEM certificate");
}

TEST(Start, AKeyOfAnotherCertificateIsRefused) {
    const CertificateFiles a = makeCertificate(testFolder());
    const CertificateFiles b = makeCertificate(testFolder());
    EXPECT_EQ(start(tls(a.certfile, b.keyfile)),
              "key " + b.keyfile + " does not belong to certificate " + a.certfile);
}

TEST(Start, AnEncryptedKeyIsRefusedWithoutAsking) {
    const CertificateFiles c = makeCertificate(testFolder());
    EVP_PKEY* key = EVP_EC_gen("P-256");
    const std::string path = testFolder() + "/encrypted.key";
    std::FILE* f = std::fopen(path.c_str(), "we");
    ASSERT_NE(f, nullptr);
    unsigned char password[] = "secret";
    PEM_write_PrivateKey(f, key, EVP_aes_128_cbc(), password, 6, nullptr, nullptr);
    std::fclose(f);
    EVP_PKEY_free(key);
    EXPECT_EQ(start(tls(c.certfile, path)),
              "key " + path + " is not an unencrypted PEM private key");
}

TEST(Start, AnExpiredCertificateIsAWarning) {
    const CertificateFiles old =
        makeCertificate(testFolder(), {.valid_from_s = -7200, .valid_to_s = -3600});
    const CertificateFiles early =
        makeCertificate(testFolder(), {.valid_from_s = 3600, .valid_to_s = 7200});
    std::string log;
    EXPECT_EQ(start(tls(old.certfile, old.keyfile), nullptr, &log), "");
    EXPECT_THAT(log, HasSubstr("certificate " + old.certfile + " has expired"));
    EXPECT_EQ(start(tls(early.certfile, early.keyfile), nullptr, &log), "");
    EXPECT_THAT(log, HasSubstr("certificate " + early.certfile + " is not valid yet"));
}

TEST(Start, AHostWithoutAGateIsAnError) {
    FakeHost host({.config_json = R"({"bind": "127.0.0.1", "port": 0})"});
    PluginInstance plugin(host, kTcp.descriptor());
    EXPECT_NE(plugin.start(), SARA_OK);
    EXPECT_THAT(host.error(), HasSubstr("sara.gate/1"));
}

}  // namespace
}  // namespace sara::tcp
