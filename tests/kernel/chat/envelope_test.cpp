#include "chat/envelope.h"

#include <gtest/gtest.h>

namespace sara::chat {
namespace {

// Reads a text with the padding that transports give.
bool readPadded(EnvelopeReader& reader, std::string& text, Envelope& e) {
    const size_t size = text.size();
    text.append(64, '"');  // a hostile padding: a reader that looks at it finds quotes
    return reader.read({text.data(), size}, e);
}

TEST(EnvelopeReader, TakesANameThatBeginsWithAnEscapedZeroForAnUnknownOne) {
    EnvelopeReader reader(64);
    Envelope e;
    std::string text = R"({"envelope":{"\u0000id":"x","id":"y","type":1}})";
    ASSERT_TRUE(readPadded(reader, text, e));
    EXPECT_EQ(e.id, "y");
}

TEST(EnvelopeReader, DoesNotFindTheEndOfAStringBehindTheText) {
    EnvelopeReader reader(64);
    Envelope e;
    for (const char* cut : {R"({"envelope":{"id":"x)", R"({"envelope":{"id":"x\)", R"({"envelo)",
                            R"({"envelope":{"id":"0123456789abcdef)"}) {
        std::string text = cut;
        EXPECT_FALSE(readPadded(reader, text, e)) << cut;
    }
}

TEST(EnvelopeReader, TakesNoNumberWithALeadingZeroForAType) {
    EnvelopeReader reader(64);
    Envelope e;
    std::string zero = R"({"envelope":{"type":0}})";
    EXPECT_TRUE(readPadded(reader, zero, e));
    std::string text = R"({"envelope":{"type":01}})";
    EXPECT_FALSE(readPadded(reader, text, e));
}

}  // namespace
}  // namespace sara::chat
