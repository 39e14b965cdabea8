"""Rules of the records the simulator keeps: every member QuickBooks knows, its type and its limits.

Hand-written. Sources: Intuit's API reference for each entity (developer.intuit.com/app/developer/qbo/
docs/api/accounting/all-entities/...) where it gives a length, else the official schema. A contract
test proves these tables equal to the official data; the program itself never reads that data.

A member whose type is neither a scalar, an enumeration nor one of the parts (a credit card, a
retainage) exists in QuickBooks but not here: sending it is refused loudly (5030), never swallowed.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.ledgers.quickbooks.simulator.members import Member, RecordRule, members, record

_ENTITY = (
    *members("id", "Id", query="FS"),
    *members("string", "SyncToken domain"),
    *members("ModificationMetaData", "MetaData", read_only=True),
    *members("CustomField", "CustomField", many=True),
    *members("AttachableRef", "AttachableRef", many=True),
    *members("EntityStatusEnum", "status", read_only=True),
    *members("boolean", "sparse"),
)

_TRANSACTION = (
    *members("string", "DocNumber", max_length=21, query="FS"),
    *members("date", "TxnDate", query="FS"),
    *members("TxnSubTypeEnum", "TxnSubType"),
    *members("ReferenceType", "CustomerRef", query="F"),
    *members("ReferenceType", "DepartmentRef CurrencyRef ProjectRef"),
    *members("ReferenceType", "RecurDataRef", read_only=True),
    *members("decimal", "ExchangeRate TotalCostAmount HomeTotalCostAmount"),
    *members("string", "PrivateNote", max_length=4000),
    *members("string", "TxnStatus TxnSource TaxFormType TaxFormNum TransactionLocationType"),
    *members("LinkedTxn", "LinkedTxn", many=True),
    *members("Line", "Line", many=True),
    *members("TxnTaxDetail", "TxnTaxDetail"),
    *members("Tag", "Tag", many=True),
    *members("TxnApprovalInfo", "TxnApprovalInfo"),
    *members("RecurringInfo", "RecurringInfo"),
    *members("ReferenceType", "RemitToRef ARAccountRef PaymentMethodRef DepositToAccountRef"),
    *members("string", "PaymentRefNum"),
    *members("PaymentTypeEnum", "PaymentType"),
    *members("CheckPayment", "CheckPayment"),
    *members("CreditCardPayment", "CreditCardPayment"),
)

_SALE = (
    *members("boolean", "AutoDocNumber"),
    *members("MemoRef", "CustomerMemo", max_length=1000),
    *members("PhysicalAddress", "BillAddr ShipAddr ShipFromAddr"),
    *members("boolean", "FreeFormAddress ApplyTaxAfterDiscount ShippingTaxIncludedInTotalTax FinanceCharge"),
    *members("ReferenceType", "ClassRef SalesTermRef SalesRepRef ShipMethodRef TemplateRef"),
    *members("ReferenceType", "TaxExemptionRef", read_only=True),
    *members("date", "DueDate", query="FS"),
    *members("date", "ShipDate"),
    *members("string", "PONumber FOB", max_length=15),
    *members("string", "GovtTxnRefIdentifier", max_length=30),
    *members("string", "TrackingNum"),
    *members("GlobalTaxCalculationEnum", "GlobalTaxCalculation"),
    *members("decimal", "TotalAmt", query="FS", read_only=True),
    *members("decimal", "Balance HomeBalance", query="FS", read_only=True),
    *members("decimal", "HomeTotalAmt", read_only=True),
    *members("decimal", "DiscountRate DiscountAmt"),
    *members("PrintStatusEnum", "PrintStatus"),
    *members("EmailStatusEnum", "EmailStatus"),
    *members("EmailAddress", "BillEmail BillEmailCc BillEmailBcc", max_length=100),
    *members("TransactionDeliveryInfo", "DeliveryInfo", read_only=True),
)

INVOICE = record(
    "Invoice",
    _ENTITY,
    _TRANSACTION,
    _SALE,
    members("decimal", "Deposit LessCIS"),
    members(
        "boolean",
        "AllowIPNPayment AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment "
        "AllowOnlinePayPalPayment AllowOnlineAffirmPayment AutoPayEligible SchedulePayEligible "
        "GratuityEnabled",
    ),
    members("ETransactionStatusEnum", "EInvoiceStatus"),
    members("dateTime", "ECloudStatusTimeStamp"),
    members("int", "CfdiUse"),
    members(
        "string",
        "Exportation invoiceStatus callToAction InvoiceLink PaymentDetailsMessage InvoiceLinkSecurityCode "
        "ScheduledPaymentId",
    ),
    members("date", "InvoiceLinkExpiryDate"),
    members("FinancingProductTypeEnum", "FinancingProductType"),
    members("SubscriptionPaymentsSettingEnum", "SubscriptionPaymentsSetting"),
    members("MXGlobalInfo", "GlobalInfo"),
    members("StatusInfo", "invoiceStatusLog", many=True),
    members("IntuitAnyType", "InvoiceEx"),
    members("ConvenienceFeeDetail", "ConvenienceFeeDetail"),
    members("EnabledSurchargeInfo", "EnabledSurchargeInfo"),
    members("TxnRetainageDetail", "TxnRetainageDetail"),
    required="CustomerRef Line",
)

CREDIT_MEMO = record(
    "CreditMemo",
    _ENTITY,
    _TRANSACTION,
    _SALE,
    members("decimal", "RemainingCredit", read_only=True),
    members("ReferenceType", "InvoiceRef"),
    members("IntuitAnyType", "CreditMemoEx"),
    required="CustomerRef Line",
)

PAYMENT = record(
    "Payment",
    _ENTITY,
    _TRANSACTION,
    members("decimal", "TotalAmt", query="FS"),
    members("decimal", "UnappliedAmt", read_only=True),
    members("boolean", "ProcessPayment"),
    members("PaymentExtendedTypeEnum", "PaymentExtendedType"),
    members("IntuitAnyType", "PaymentEx"),
    required="CustomerRef TotalAmt",
)

CUSTOMER = record(
    "Customer",
    _ENTITY,
    members("string", "IntuitId UserId V4IDPseudonym ContactName AltContactName AcctNum"),
    members("boolean", "Organization Job BillWithParent Taxable TDSEnabled IsCISContractor"),
    members("boolean", "Active", query="F"),
    members("boolean", "IsProject", read_only=True),
    members("string", "Title Suffix ResaleNum", max_length=16),
    members("string", "GivenName MiddleName FamilyName", max_length=100, query="FS"),
    members("string", "CompanyName", max_length=100, query="FS"),
    members("string", "DisplayName", max_length=500, query="FS"),
    members("string", "FullyQualifiedName", query="FS", read_only=True),
    members("string", "PrintOnCheckName", max_length=110, query="FS"),
    members("string", "Notes", max_length=2000),
    members("string", "GSTIN", max_length=15),
    members("string", "BusinessNumber", max_length=10),
    members(
        "string",
        "PreferredDeliveryMethod SecondaryTaxIdentifier PrimaryTaxIdentifier TaxExemptionReasonId "
        "GSTRegistrationType ClientCompanyId ClientEntityId Source TaxRegime",
    ),
    members("TelephoneNumber", "PrimaryPhone AlternatePhone Mobile Fax", max_length=30),
    members("EmailAddress", "PrimaryEmailAddr"),
    members("WebSiteAddress", "WebAddr", max_length=1000),
    members("PhysicalAddress", "BillAddr ShipAddr"),
    members("PhysicalAddress", "OtherAddr", many=True),
    members("ContactInfo", "OtherContactInfo", many=True),
    members(
        "ReferenceType",
        "DefaultTaxCodeRef RootCustomerRef ParentRef CustomerTypeRef SalesTermRef SalesRepRef "
        "TaxGroupCodeRef TaxRateRef PaymentMethodRef PriceLevelRef CurrencyRef ARAccountRef",
    ),
    members("int", "Level", read_only=True),
    members("decimal", "Balance BalanceWithJobs", query="FS", read_only=True),
    members("decimal", "CreditLimit OverDueBalance TotalRevenue TotalExpense"),
    members("date", "OpenBalanceDate"),
    members("CreditChargeInfo", "CCDetail"),
    members("JobInfo", "JobInfo"),
    members("IntuitAnyType", "CustomerEx"),
)

ITEM = record(
    "Item",
    _ENTITY,
    members("string", "Name Sku", max_length=100, query="FS"),
    members("string", "Description", max_length=4000, query="FS"),
    members("boolean", "Active", query="F"),
    members("ItemTypeEnum", "Type", query="F"),
    members("string", "FullyQualifiedName", query="FS", read_only=True),
    members("int", "Level", read_only=True),
    members(
        "boolean",
        "SubItem Taxable SalesTaxIncluded PercentBased PurchaseTaxIncluded TrackQtyOnHand PrintGroupedItems "
        "SpecialItem DeferredRevenue",
    ),
    members(
        "decimal",
        "UnitPrice RatePercent PurchaseCost AvgCost QtyOnHand QtyOnPurchaseOrder QtyOnSalesOrder "
        "ReorderPoint BuildPoint AbatementRate ReverseChargeRate",
    ),
    members(
        "ReferenceType",
        "ParentRef PaymentMethodRef UOMSetRef IncomeAccountRef ExpenseAccountRef COGSAccountRef "
        "AssetAccountRef PrefVendorRef DepositToAccountRef SalesTaxCodeRef PurchaseTaxCodeRef "
        "TaxClassificationRef ClassRef",
    ),
    members("string", "PurchaseDesc ManPartNum ServiceType ItemCategoryType UQCDisplayText UQCId Source"),
    members("date", "InvStartDate"),
    members("SpecialItemTypeEnum", "SpecialItemType"),
    members("ItemGroupDetail", "ItemGroupDetail"),
    members("ItemAssemblyDetail", "ItemAssemblyDetail"),
    members("IntuitAnyType", "ItemEx"),
    members("CustomExtensions", "CustomExtensions", many=True),
    required="Name",
)

ACCOUNT = record(
    "Account",
    _ENTITY,
    members("string", "Name", max_length=100, query="FS"),
    members("string", "Description AccountAlias", max_length=100),
    members("string", "TxnLocationType", max_length=50),
    members("string", "FullyQualifiedName", query="FS", read_only=True),
    members("boolean", "Active", query="F"),
    members("AccountClassificationEnum", "Classification", query="F"),
    members("AccountTypeEnum", "AccountType", query="FS"),
    members("string", "AccountSubType", query="F"),
    members("ReferenceType", "ParentRef CurrencyRef TaxCodeRef"),
    members("ReferenceType", "JournalCodeRef", read_only=True),
    members("ReferenceType", "AccountPurposes", many=True),
    members("string", "AcctNum AcctNumExtn BankNum"),
    members("string", "FIName", read_only=True),
    members("boolean", "SubAccount TaxAccount"),
    members("boolean", "OnlineBankingEnabled", read_only=True),
    members("decimal", "OpeningBalance"),
    members("decimal", "CurrentBalance CurrentBalanceWithSubAccounts", read_only=True),
    members("date", "OpeningBalanceDate"),
    members("IntuitAnyType", "AccountEx"),
    required="Name",
)


def _nested_name(name: str, *, flag: str, extra: tuple[Member, ...] = ()) -> RecordRule:
    """Class and Department: a name, a parent, nothing else."""
    return record(
        name,
        _ENTITY,
        members("string", "Name", max_length=100, query="FS"),
        members("boolean", "Active", query="F"),
        members("boolean", flag),
        members("ReferenceType", "ParentRef"),
        members("string", "FullyQualifiedName", query="FS", read_only=True),
        members("IntuitAnyType", f"{name}Ex"),
        extra,
        required="Name",
    )


CLASS = _nested_name("Class", flag="SubClass")
DEPARTMENT = _nested_name("Department", flag="SubDepartment", extra=members("PhysicalAddress", "Address"))

TERM = record(
    "Term",
    _ENTITY,
    members("string", "Name", max_length=31, query="FS"),
    members("boolean", "Active", query="F"),
    members("string", "Type", read_only=True),
    members("decimal", "DiscountPercent"),
    members("int", "DueDays DiscountDays"),
    members("positiveInteger", "DayOfMonthDue DueNextMonthDays DiscountDayOfMonth"),
    members("IntuitAnyType", "SalesTermEx"),
    required="Name",
)

COMPANY_CURRENCY = record(
    "CompanyCurrency",
    _ENTITY,
    members("string", "Code", max_length=3, query="FS"),
    members("string", "Name", query="FS"),
    members("boolean", "Active", query="F"),
    members("IntuitAnyType", "CompanyCurrencyEx"),
    required="Code",
)

EXCHANGE_RATE = record(
    "ExchangeRate",
    _ENTITY,
    members("string", "SourceCurrencyCode", max_length=3, query="F"),
    members("string", "TargetCurrencyCode", max_length=3),
    members("decimal", "Rate"),
    members("date", "AsOfDate", query="F"),
    members("IntuitAnyType", "ExchangeRateEx"),
    required="SourceCurrencyCode Rate",
)

TAX_CODE = record(
    "TaxCode",
    _ENTITY,
    members("string", "Name", max_length=10, query="FS"),
    members("string", "Description", max_length=31),
    members("boolean", "Active Hidden", query="F"),
    members("boolean", "Taxable TaxGroup"),
    members("TaxRateList", "SalesTaxRateList PurchaseTaxRateList AdjustmentTaxRateList"),
    members("IntuitAnyType", "TaxCodeEx"),
    members("GTMConfigTypeEnum", "TaxCodeConfigType"),
)

TAX_RATE = record(
    "TaxRate",
    _ENTITY,
    members("string", "Name", query="F"),
    members("string", "Description"),
    members("boolean", "Active", query="F"),
    members("decimal", "RateValue"),
    members("ReferenceType", "AgencyRef TaxReturnLineRef OriginalTaxRate"),
    members("EffectiveTaxRate", "EffectiveTaxRate", many=True),
    members("SpecialTaxTypeEnum", "SpecialTaxType"),
    members("TaxRateDisplayTypeEnum", "DisplayType"),
    members("IntuitAnyType", "TaxRateEx"),
)

ATTACHABLE = record(
    "Attachable",
    _ENTITY,
    members("string", "FileName", max_length=1000, query="FS"),
    members(
        "string",
        "FileAccessUri TempDownloadUri ThumbnailFileAccessUri ThumbnailTempDownloadUri documentId",
        read_only=True,
    ),
    members("long", "Size", read_only=True),
    members("string", "ContentType Category Lat Long PlaceName Note Tag"),
    members("IntuitAnyType", "AttachableEx"),
)


def _name_only(name: str) -> RecordRule:
    """Vendors and employees exist only because their names must differ from customers' names."""
    return record(
        name,
        _ENTITY,
        members("string", "DisplayName", max_length=500, query="FS"),
        members("boolean", "Active", query="F"),
        required="DisplayName",
    )


VENDOR = _name_only("Vendor")
EMPLOYEE = _name_only("Employee")
COMPANY_INFO = record("CompanyInfo", _ENTITY, members("string", "CompanyName LegalName Country", query="F"))
PREFERENCES = record("Preferences", _ENTITY)

RULES: Mapping[str, RecordRule] = {
    rule.name: rule
    for rule in (
        ACCOUNT,
        ATTACHABLE,
        CLASS,
        COMPANY_CURRENCY,
        COMPANY_INFO,
        CREDIT_MEMO,
        CUSTOMER,
        DEPARTMENT,
        EMPLOYEE,
        EXCHANGE_RATE,
        INVOICE,
        ITEM,
        PAYMENT,
        PREFERENCES,
        TAX_CODE,
        TAX_RATE,
        TERM,
        VENDOR,
    )
}
ENTITY_BY_PATH: Mapping[str, str] = {name.lower(): name for name in RULES}
TRANSACTIONS = frozenset({"Invoice", "CreditMemo", "Payment"})
NAME_LISTS = frozenset(
    {
        "Account",
        "Class",
        "CompanyCurrency",
        "Customer",
        "Department",
        "Employee",
        "Item",
        "TaxCode",
        "TaxRate",
        "Term",
        "Vendor",
    }
)
