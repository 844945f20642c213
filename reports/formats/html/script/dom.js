/* Elements.  Texts become text nodes, whatever they hold: nothing here reads markup. */

const SVG = "http://www.w3.org/2000/svg";
/* Characters that cannot be seen, or turn the direction of what stands around them. */
const UNSEEN =
	/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function visible(text)
{
	return String(text).replace(UNSEEN, "\ufffd");
}

function fill(element, attributes, children)
{
	for (const [name, value] of Object.entries(attributes || {})) {
		if (name.startsWith("on"))
			element.addEventListener(name.slice(2), value);
		else if (value !== undefined && value !== null && value !== false)
			element.setAttribute(name, value === true ? "" : visible(value));
	}
	for (const child of children.flat(2)) {
		if (child instanceof Node)
			element.append(child);
		else if (child !== undefined && child !== null && child !== false)
			element.append(visible(child));
	}
	return element;
}

function make(name, attributes, ...children)
{
	return fill(document.createElement(name), attributes, children);
}

function draw(name, attributes, ...children)
{
	return fill(document.createElementNS(SVG, name), attributes, children);
}

function replace(id, ...children)
{
	document.getElementById(id).replaceChildren(...children.flat(2).filter(Boolean));
}

/* May be broken behind the signs that names are put together with. */
function breakable(text)
{
	return text.split(/(?<=[:/_.,])/).flatMap((part) => [part, make("wbr")]);
}

function code(text)
{
	return make("code", null, text);
}

function section(title, ...children)
{
	return make("section", null, make("h3", null, title), children);
}

/* Of a text that is too long for a drawing, the beginning and the end. */
function shorten(text, length)
{
	const half = Math.floor((length - 1) / 2);

	return text.length <= length ? text : `${text.slice(0, half)}\u2026${text.slice(-half)}`;
}
