#include "reports/symbols/short_name.h"

#include <ctype.h>
#include <string.h>

#define ARGUMENTS_COLUMNS 40 /* of a template; longer ones are left out */
#define ARGUMENTS_MAX 64u
#define DEPTH_MAX 40 /* of nested templates; deeper ones are left out */

/* The name that is being shortened, and what was made of it.  A ',' without a space, and an
 * argument of one letter, grow to two or three, the arguments "<>" to "<...>". */
#define ROOM_BYTES(name) (3 * strlen(name) + 1)

struct shortening {
	struct pool *pool;
	const char *at;
	char *text;
	size_t length;
	int depth;
};

/* Namespaces that the library versions itself by. */
static const char *const inline_namespaces[] = {"std::__cxx11::", "std::__1::", "std::_V2::"};

/* Arguments that a class has by default: nobody writes them, where they are not the first. */
static const char *const default_arguments[] = {
	"std::allocator<", "std::char_traits<", "std::default_delete<",
	"std::equal_to<",  "std::hash<",	"std::less<",
};

/* Names that the library itself gives to such a template with such arguments. */
static const struct {
	const char *long_name;
	const char *name;
} library_names[] = {
	{"std::basic_string<char>", "std::string"},
	{"std::basic_string<wchar_t>", "std::wstring"},
	{"std::basic_string_view<char>", "std::string_view"},
	{"std::basic_ostream<char>", "std::ostream"},
	{"std::basic_istream<char>", "std::istream"},
	{"std::basic_iostream<char>", "std::iostream"},
	{"std::basic_ostringstream<char>", "std::ostringstream"},
	{"std::basic_stringstream<char>", "std::stringstream"},
	/* As debug information names it. */
	{"basic_string<char>", "std::string"},
};

static void shorten_part(struct shortening *name);

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void put(struct shortening *name, const char *text, size_t length)
{
	memcpy(name->text + name->length, text, length);
	name->length += length;
	name->text[name->length] = '\0';
}

static bool ends_with(const struct shortening *name, const char *suffix)
{
	size_t length = strlen(suffix);

	return name->length >= length &&
	       memcmp(name->text + name->length - length, suffix, length) == 0;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* --- Template arguments -------------------------------------------------------- */

static bool is_default(const char *argument)
{
	for (size_t i = 0; i < ARRAY_LENGTH(default_arguments); i++)
		if (begins_with(argument, default_arguments[i]))
			return true;
	return false;
}

/* Shortens the argument at the cursor into text of its own. */
static const char *take_argument(struct shortening *name)
{
	struct shortening argument = {
		.pool = name->pool,
		.at = name->at + strspn(name->at, " "),
		.text = pool_alloc(name->pool, ROOM_BYTES(name->at)),
		.depth = name->depth + 1,
	};

	shorten_part(&argument);
	while (argument.length && argument.text[argument.length - 1] == ' ')
		argument.text[--argument.length] = '\0';
	name->at = argument.at;
	return argument.text;
}

static void put_arguments(struct shortening *name, const char *const *arguments, size_t count)
{
	size_t columns = 0;

	put(name, "<", 1);
	for (size_t i = 0; i < count; i++) {
		columns += strlen(arguments[i]) + 2;
		if (i)
			put(name, ", ", 2);
		if (columns > ARGUMENTS_COLUMNS) {
			put(name, "...", 3);
			break;
		}
		put(name, arguments[i], strlen(arguments[i]));
	}
	if (*name->at != '>')
		return;
	name->at++;
	put(name, ">", 1);
}

static void use_library_name(struct shortening *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(library_names); i++) {
		const char *long_name = library_names[i].long_name;

		if (!ends_with(name, long_name))
			continue;
		name->length -= strlen(long_name);
		put(name, library_names[i].name, strlen(library_names[i].name));
		return;
	}
}

static void skip_balanced(struct shortening *name, char open, char close)
{
	size_t depth = 0;

	do {
		depth += *name->at == open;
		depth -= *name->at == close;
	} while (*name->at++ && depth && *name->at);
}

/* The cursor is at the '<'. */
static void shorten_arguments(struct shortening *name)
{
	const char *arguments[ARGUMENTS_MAX];
	size_t count = 0;

	if (name->depth >= DEPTH_MAX) {
		skip_balanced(name, '<', '>');
		return;
	}
	do {
		const char *argument;

		name->at++;
		argument = take_argument(name);
		if (count < ARGUMENTS_MAX && argument[0] && (!count || !is_default(argument)))
			arguments[count++] = argument;
	} while (*name->at == ',');
	put_arguments(name, arguments, count);
	use_library_name(name);
}

/* --- Parentheses and braces ------------------------------------------------------ */

/* "(lambda at /home/me/x.cc:38:5)" becomes "lambda at x.cc:38". */
static void shorten_placed_lambda(struct shortening *name)
{
	const char *start = name->at + 1;
	size_t length = strcspn(start, ")");
	const char *slash = memrchr(start, '/', length);
	const char *place = slash ? slash + 1 : start + strlen("lambda at ");
	const char *colon = memrchr(place, ':', (size_t)(start + length - place));

	put(name, "lambda at ", strlen("lambda at "));
	put(name, place, (size_t)((colon ? colon : start + length) - place));
	name->at = start + length + (start[length] == ')');
}

/* Parameters say little; but a type of functions, "void (int)", is its parameters. */
static void shorten_parameters(struct shortening *name)
{
	static const char *const qualifiers[] = {" const", " volatile", " &&", " &", " noexcept"};

	if (begins_with(name->at, "(anonymous namespace)")) {
		put(name, name->at, strlen("(anonymous namespace)"));
		name->at += strlen("(anonymous namespace)");
		return;
	}
	if (begins_with(name->at, "(lambda at ")) {
		shorten_placed_lambda(name);
		return;
	}
	if (name->depth && name->length && !is_word(name->text[name->length - 1]) &&
	    name->text[name->length - 1] != '>') {
		put(name, name->at++, 1);
		return;
	}
	skip_balanced(name, '(', ')');
	for (size_t i = 0; i < ARRAY_LENGTH(qualifiers); i++)
		if (begins_with(name->at, qualifiers[i]))
			name->at += strlen(qualifiers[i]);
}

/* "{lambda(int)#1}::operator()" becomes "lambda#1"; other braces stay. */
static void shorten_braces(struct shortening *name)
{
	const char *number;
	size_t length;

	if (!begins_with(name->at, "{lambda(")) {
		put(name, name->at++, 1);
		return;
	}
	put(name, "lambda", strlen("lambda"));
	number = name->at + 1;
	skip_balanced(name, '{', '}');
	length = (size_t)(name->at - 1 - number);
	number = memrchr(number, '#', length);
	if (number)
		put(name, number, (size_t)(name->at - 1 - number));
	if (begins_with(name->at, "::operator()"))
		name->at += strlen("::operator()");
}

/* --- Names --------------------------------------------------------------------------- */

/* "operator<" does not begin arguments, nor "operator()" parameters. */
static bool take_operator(struct shortening *name)
{
	static const char word[] = "operator";
	size_t length = strlen(word);

	if (!begins_with(name->at, word) || (name->length && is_word(name->text[name->length - 1])))
		return false;
	if (begins_with(name->at + length, "()"))
		length += 2;
	else
		length += strspn(name->at + length, "<>=!+-*/%&|^~,[]");
	if (length == strlen(word))
		return false;
	put(name, name->at, length);
	name->at += length;
	return true;
}

static bool skip_namespace(struct shortening *name)
{
	if (name->length && is_word(name->text[name->length - 1]))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(inline_namespaces); i++) {
		if (!begins_with(name->at, inline_namespaces[i]))
			continue;
		put(name, "std::", 5);
		name->at += strlen(inline_namespaces[i]);
		return true;
	}
	return false;
}

/* Up to the end; of an argument up to what ends it. */
static void shorten_part(struct shortening *name)
{
	while (*name->at) {
		char c = *name->at;

		if (name->depth && (c == ',' || c == '>'))
			return;
		if (take_operator(name) || skip_namespace(name))
			continue;
		if (c == '<' && name->length)
			shorten_arguments(name);
		else if (c == '(')
			shorten_parameters(name);
		else if (c == '{')
			shorten_braces(name);
		else
			put(name, name->at++, 1);
	}
}

/* Where the name begins behind the type that a template's function returns. */
static const char *skip_returned(const char *name)
{
	const char *start = name;
	int depth = 0;

	for (const char *at = name; *at; at++) {
		if (begins_with(at, "operator") && !depth)
			break;
		if (*at == '(' && !depth && at > start && !begins_with(at, "(anonymous"))
			return at[-1] == ' ' ? name : start;
		depth += *at == '<' || *at == '(' || *at == '{';
		depth -= *at == '>' || *at == ')' || *at == '}';
		if (*at == ' ' && !depth)
			start = at + 1;
	}
	return strchr(start, '(') ? start : name;
}

/* What a name of the compiler's own begins with, which says what it is. */
static const char guard_prefix[] = "guard variable for ";

const char *short_name(struct pool *pool, const char *name)
{
	struct shortening result = {.pool = pool, .at = name};

	/* Names of C are as they are. */
	if (!name[strcspn(name, "<({:")])
		return name;
	result.text = pool_alloc(pool, ROOM_BYTES(name));
	if (begins_with(name, guard_prefix)) {
		put(&result, guard_prefix, strlen(guard_prefix));
		name += strlen(guard_prefix);
	}
	result.at = skip_returned(name);
	shorten_part(&result);
	while (result.length && result.text[result.length - 1] == ' ')
		result.text[--result.length] = '\0';
	return result.length ? result.text : name;
}

const char *short_name_outline(struct pool *pool, const char *name)
{
	struct shortening result = {.pool = pool, .at = name};

	if (!strchr(name, '<'))
		return name;
	result.text = pool_alloc(pool, ROOM_BYTES(name));
	while (*result.at) {
		if (take_operator(&result))
			continue;
		if (*result.at == '<' && result.length && is_word(result.text[result.length - 1])) {
			skip_balanced(&result, '<', '>');
			put(&result, "<...>", 5);
		} else {
			put(&result, result.at++, 1);
		}
	}
	return result.text;
}
