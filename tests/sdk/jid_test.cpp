#include <gtest/gtest.h>

#include <sara/jid.hpp>
#include <string>

namespace {

using sara::Jid;

static_assert(Jid::parse("a@b/c")->bare() == "a@b", "a constant jid is split at compile time");

TEST(Jid, SplitsAtTheAtAndAtTheFirstSlash) {
    const auto jid = Jid::parse("alice@t.com/pc/left");
    ASSERT_TRUE(jid);
    EXPECT_EQ(jid->user, "alice");
    EXPECT_EQ(jid->domain, "t.com");
    EXPECT_EQ(jid->resource, "pc/left");
    EXPECT_EQ(jid->bare(), "alice@t.com");
}

TEST(Jid, BareIsAPrefixOfTheGivenText) {
    const std::string text = "a@b/c";
    EXPECT_EQ(Jid::parse(text)->bare().data(), text.data());
}

TEST(Jid, KeepsTheCaseOfEveryPart) {
    EXPECT_EQ(Jid::parse("U@D/R")->bare(), "U@D");
    EXPECT_FALSE(sara::sameUser("U@D", "u@d"));
    EXPECT_TRUE(sara::sameUser("u@d/pc", "u@d/phone"));
}

// The earlier server split at every '@' and '/', so these became the keys of other users or of
// nobody.
TEST(Jid, RefusesWhatOnceBecameAnotherUsersKey) {
    for (const char* text :
         {"", "@", "u", "@d", "u@", "u@/r", "a@b@c/d/e", "a@b@boss.com/CEO", "u@d/r@x", "sp ace@d",
          "u@d m/r", "a/b@c/d", "a,b@c", "a:b@c", "a@b,c@d", "server_ack"}) {
        EXPECT_FALSE(Jid::parse(text)) << text;
    }
}

TEST(Jid, AllowsAColonInTheDomainAndSpacesInTheResource) {
    EXPECT_TRUE(Jid::parse("u@host:4222/Bob's phone, old"));
    EXPECT_TRUE(Jid::parse("u@d/"));
}

TEST(Jid, RefusesControlCharactersEverywhere) {
    for (const char* text : {"u\x01@d", "u@d\x7f", "u@d/r\n", "u@d/\xc2\x85"}) {
        EXPECT_FALSE(Jid::parse(text)) << text;
    }
    EXPECT_FALSE(Jid::parse(std::string_view("u\0@d", 4)));
}

TEST(Jid, AcceptsWellFormedUtf8Only) {
    EXPECT_TRUE(Jid::parse("\xe4\xbd\xa0@\xc3\xa9.fr/\xf0\x9f\x98\x80"));
    for (const char* text : {"\xe4\xbd@d", "\xc0\xaf@d", "\xed\xa0\x80@d", "\xf4\x90\x80\x80@d",
                             "\xff@d", "u@d/\xe0\x80\x80", "u@\x80"}) {
        EXPECT_FALSE(Jid::parse(text)) << text;
    }
}

TEST(Jid, EachPartEndsAt128Bytes) {
    const std::string fits(sara::kJidPartBytesMax, 'x');
    EXPECT_TRUE(Jid::parse(fits + "@" + fits + "/" + fits));
    EXPECT_FALSE(Jid::parse(fits + "x@d"));
    EXPECT_FALSE(Jid::parse("u@" + fits + "x"));
    EXPECT_FALSE(Jid::parse("u@d/" + fits + "x"));
}

}  // namespace
