#include "reports/source/words.h"

#include <ctype.h>
#include <string.h>

/* clang-format off */
static const char *const keywords[] = {
	"auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
	"enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register",
	"restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch",
	"typedef", "union", "unsigned", "void", "while", "_Bool", "_Alignas", "_Alignof",
	"_Generic", "_Noreturn", "_Static_assert", "_Thread_local", "__attribute__", "__const",
	"__extension__", "__inline", "__inline__", "__restrict", "__thread", "__typeof__",
	"typeof", "__alignof__",
};

static const char *const cxx_keywords[] = {
	"alignas", "alignof", "and", "bool", "catch", "char16_t", "char32_t", "char8_t", "class",
	"concept", "const_cast", "consteval", "constexpr", "constinit", "co_await", "co_return",
	"co_yield", "decltype", "delete", "dynamic_cast", "explicit", "export", "false", "final",
	"friend", "mutable", "namespace", "new", "noexcept", "not", "nullptr", "operator", "or",
	"override", "private", "protected", "public", "reinterpret_cast", "requires",
	"static_assert", "static_cast", "std", "template", "this", "thread_local", "throw",
	"true", "try", "typeid", "typename", "using", "virtual", "wchar_t",
};

/* Macros that access no shared memory.  Nor does what begins with "__builtin_": those that are
 * atomic begin otherwise. */
static const char *const harmless[] = {
	"NULL", "EOF", "errno", "stdin", "stdout", "stderr", "true", "false", "bool", "INT_MAX",
	"INT_MIN", "UINT_MAX", "LONG_MAX", "LONG_MIN", "ULONG_MAX", "LLONG_MAX", "SIZE_MAX",
	"SSIZE_MAX", "INT32_MAX", "INT64_MAX", "UINT32_MAX", "UINT64_MAX", "UINT8_MAX",
	"RAND_MAX", "CHAR_BIT", "M_PI", "__func__", "__FILE__", "__LINE__", "__FUNCTION__",
	"__PRETTY_FUNCTION__", "assert", "offsetof",
};

/* clang-format on */

/* A name that contains one of these, in any case, is atomic. */
static const char *const atomic_words[] = {
	"atomic",	"__sync_",    "read_once",     "write_once",	 "access_once",
	"load_once",	"store_once", "_load_acquire", "_store_release", "load_shared",
	"store_shared", "cmm_",	      "interlocked",   "memory_order",
};

/* So is a name that begins with one of these. */
static const char *const atomic_beginnings[] = {"rcu_", "smp_", "_cmm_", "uatomic"};

static bool is_among(const struct token *token, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (lexer_token_is(token, words[i]))
			return true;
	}
	return false;
}

bool words_is_keyword(const struct token *token, enum language language)
{
	if (token->kind != TOKEN_NAME || language == LANGUAGE_RUST)
		return false;
	return is_among(token, keywords, ARRAY_LENGTH(keywords)) ||
	       (language == LANGUAGE_CXX &&
		is_among(token, cxx_keywords, ARRAY_LENGTH(cxx_keywords)));
}

bool words_is_harmless(const struct token *token)
{
	return is_among(token, harmless, ARRAY_LENGTH(harmless)) ||
	       (token->length > 9 && memcmp(token->text, "_GLIBCXX", 8) == 0) ||
	       (token->length > 10 && memcmp(token->text, "__builtin_", 10) == 0);
}

/* True if @word, in lower case, is in @token and starts at @last_start or before. */
static bool has_word(const struct token *token, const char *word, size_t last_start)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= token->length && i <= last_start; i++) {
		size_t j = 0;

		while (j < length && tolower((unsigned char)token->text[i + j]) == word[j])
			j++;
		if (j == length)
			return true;
	}
	return false;
}

static bool is_atomic_word(const struct token *token)
{
	if (token->kind != TOKEN_NAME || lexer_token_is(token, "sig_atomic_t"))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(atomic_words); i++) {
		if (has_word(token, atomic_words[i], token->length))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(atomic_beginnings); i++) {
		if (has_word(token, atomic_beginnings[i], 0))
			return true;
	}
	return false;
}

bool words_find_atomic(const struct token *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_atomic_word(&tokens[i]))
			return true;
	}
	return false;
}

bool words_find_volatile(const struct token *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (tokens[i].kind == TOKEN_NAME &&
		    has_word(&tokens[i], "volatile", tokens[i].length))
			return true;
	}
	return false;
}

bool words_find_assembly(const struct token *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (lexer_token_is(&tokens[i], "asm") || lexer_token_is(&tokens[i], "__asm") ||
		    lexer_token_is(&tokens[i], "__asm__"))
			return true;
	}
	return false;
}

/* "#pragma omp atomic ..." */
static bool is_atomic_directive(const struct token *token)
{
	static const char *const words[] = {"#", "pragma", "omp", "atomic"};
	const char *text = token->text, *end = text + token->length;

	for (size_t i = 0; token->kind == TOKEN_DIRECTIVE && i < ARRAY_LENGTH(words); i++) {
		size_t length = strlen(words[i]);

		while (text < end && (*text == ' ' || *text == '\t'))
			text++;
		if ((size_t)(end - text) < length || memcmp(text, words[i], length) != 0)
			return false;
		text += length;
	}
	return token->kind == TOKEN_DIRECTIVE;
}

bool words_is_under_atomic(const struct token *tokens, size_t first)
{
	size_t i = first;

	if (i && is_atomic_directive(&tokens[i - 1]))
		return true;
	while (i && tokens[i - 1].kind != TOKEN_DIRECTIVE && !lexer_token_is(&tokens[i - 1], "}") &&
	       !lexer_token_is(&tokens[i - 1], "{"))
		i--;
	return i > 1 && lexer_token_is(&tokens[i - 1], "{") && is_atomic_directive(&tokens[i - 2]);
}

/* Prefixes of the qualified names of atomic operations. */
static const char *const atomic_prefixes[] = {
	"std::atomic<",
	"std::atomic_",
	"std::__atomic_",
	"std::__1::atomic<",
	"std::__1::atomic_",
	"std::__1::__atomic_",
	"std::__1::__cxx_atomic_",
	"boost::atomics::",
	"QAtomic",
	"QBasicAtomic",
	"core::sync::atomic::",
	"<core::sync::atomic::",
	"std::sync::atomic::",
	"<std::sync::atomic::",
	"READ_ONCE",
	"WRITE_ONCE",
	"smp_load_acquire",
	"smp_store_release",
};

/* A C function whose name has "atomic" and one of these is an atomic operation. */
static const char *const atomic_verbs[] = {
	"load",	 "store",    "read",  "write", "get", "set", "init",
	"fetch", "exchange", "clear", "add",   "sub", "inc", "dec",
};

/* The length of @name before the parameters, which template arguments may have too. */
static size_t length_before_parameters(const char *name)
{
	size_t depth = 0;

	for (size_t i = 0; name[i]; i++) {
		if (name[i] == '<')
			depth++;
		else if (name[i] == '>' && depth)
			depth--;
		else if (name[i] == '(' && !depth && i)
			return i;
	}
	return strlen(name);
}

/* The qualified name: demangled templates have a return type in front of it. */
static const char *without_return_type(const char *name, size_t length)
{
	const char *start = name;
	size_t depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (name[i] == '<')
			depth++;
		else if (name[i] == '>' && depth)
			depth--;
		else if (name[i] == ' ' && !depth && strncmp(name + i + 1, "as ", 3) != 0)
			start = name + i + 1;
	}
	/* In "operator int" the last word is not the name. */
	return strstr(name, "::operator ") ? name : start;
}

static bool contains_word(const char *text, size_t length, const char *word)
{
	return memmem(text, length, word, strlen(word)) != NULL;
}

/* "pg_atomic_read_u32", "__atomic_load_8", "g_atomic_int_get". */
static bool is_atomic_c_function(const char *name, size_t length)
{
	if (!contains_word(name, length, "atomic") || contains_word(name, length, "::"))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(atomic_verbs); i++) {
		if (contains_word(name, length, atomic_verbs[i]))
			return true;
	}
	return false;
}

bool words_is_atomic_function(const char *name)
{
	size_t length = length_before_parameters(name);
	const char *qualified = without_return_type(name, length);

	length -= (size_t)(qualified - name);
	for (size_t i = 0; i < ARRAY_LENGTH(atomic_prefixes); i++) {
		if (strncmp(qualified, atomic_prefixes[i], strlen(atomic_prefixes[i])) == 0)
			return true;
	}
	return is_atomic_c_function(qualified, length);
}
