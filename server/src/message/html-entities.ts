/** The character references that mail uses: WHATWG HTML §13.5, the Latin, Greek and punctuation names. */

const LATIN1 =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest ' +
  'Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml ' +
  'Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave ' +
  'uacute ucirc uuml yacute thorn yuml';

const OTHERS =
  'amp=& lt=< gt=> quot=" apos=\' AMP=& LT=< GT=> QUOT=" COPY=© REG=® Aogon=Ą aogon=ą Cacute=Ć cacute=ć Eogon=Ę eogon=ę Lstrok=Ł lstrok=ł Nacute=Ń nacute=ń Sacute=Ś sacute=ś Zacute=Ź ' +
  'zacute=ź Zdot=Ż zdot=ż Ccaron=Č ccaron=č Dcaron=Ď dcaron=ď Ecaron=Ě ecaron=ě Ncaron=Ň ncaron=ň Rcaron=Ř rcaron=ř Scaron=Š scaron=š Tcaron=Ť tcaron=ť Zcaron=Ž zcaron=ž Uring=Ů uring=ů ' +
  'Odblac=Ő odblac=ő Udblac=Ű udblac=ű Abreve=Ă abreve=ă Dstrok=Đ dstrok=đ Gbreve=Ğ gbreve=ğ Idot=İ imath=ı Scedil=Ş scedil=ş OElig=Œ oelig=œ Yuml=Ÿ fnof=ƒ circ=ˆ tilde=˜ ensp=\u2002 ' +
  'emsp=\u2003 thinsp=\u2009 zwnj=\u200c zwj=\u200d lrm=\u200e rlm=\u200f ndash=– mdash=— lsquo=‘ rsquo=’ sbquo=‚ ldquo=“ rdquo=” bdquo=„ dagger=† Dagger=‡ bull=• hellip=… permil=‰ prime=′ ' +
  'Prime=″ lsaquo=‹ rsaquo=› oline=‾ frasl=⁄ euro=€ image=ℑ trade=™ larr=← uarr=↑ rarr=→ darr=↓ harr=↔ rArr=⇒ hArr=⇔ forall=∀ part=∂ exist=∃ empty=∅ nabla=∇ isin=∈ ni=∋ prod=∏ sum=∑ ' +
  'minus=− radic=√ infin=∞ cap=∩ cup=∪ int=∫ asymp=≈ ne=≠ equiv=≡ le=≤ ge=≥ sub=⊂ sup=⊃ loz=◊ spades=♠ clubs=♣ hearts=♥ diams=♦ check=✓ star=☆ phone=☎ Alpha=Α Beta=Β Gamma=Γ Delta=Δ ' +
  'Epsilon=Ε Zeta=Ζ Eta=Η Theta=Θ Iota=Ι Kappa=Κ Lambda=Λ Mu=Μ Nu=Ν Xi=Ξ Omicron=Ο Pi=Π Rho=Ρ Sigma=Σ Tau=Τ Upsilon=Υ Phi=Φ Chi=Χ Psi=Ψ Omega=Ω alpha=α beta=β gamma=γ delta=δ epsilon=ε ' +
  'zeta=ζ eta=η theta=θ iota=ι kappa=κ lambda=λ mu=μ nu=ν xi=ξ omicron=ο pi=π rho=ρ sigmaf=ς sigma=σ tau=τ upsilon=υ phi=φ chi=χ psi=ψ omega=ω num=# excl=! percnt=% lpar=( rpar=) comma=, ' +
  'period=. colon=: semi=; quest=? commat=@ lsqb=[ rsqb=] lowbar=_ grave=` lcub={ rcub=} verbar=| dollar=$ ast=* plus=+ hyphen=‐ nbsp=\u00a0 Tab=\t NewLine=\n';

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ...LATIN1.split(' ').map((name, i): [string, string] => [name, String.fromCharCode(0xa0 + i)]),
  ...OTHERS.split(' ').map((pair): [string, string] => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
]);

const REFERENCE = /&(?:#(\d{1,8}|[xX][0-9a-fA-F]{1,6})|([a-zA-Z][a-zA-Z0-9]{1,10}));?/g;
const WINDOWS_1252 = new TextDecoder('windows-1252');

/** Text with its character references resolved; unknown ones stay as they are. */
export function decodeEntities(text: string): string {
  return text.indexOf('&') < 0 ? text : text.replace(REFERENCE, resolve);
}

function resolve(whole: string, number: string | undefined, name: string | undefined): string {
  if (name !== undefined) return ENTITIES.get(name) ?? whole;
  const digits = number as string;
  const code = digits[0] === 'x' || digits[0] === 'X' ? Number.parseInt(digits.slice(1), 16) : Number.parseInt(digits, 10);
  // 128 to 159 are written for the Windows characters (WHATWG HTML §13.2.5.80).
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252.decode(Uint8Array.of(code));
  return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\uFFFD' : String.fromCodePoint(code);
}
